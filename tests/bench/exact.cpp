// Proves exactness on real models: every answer with speculation on, once more under load, and over a cached
// prefix, against the same answer with speculation off, ids and logits.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "prefix_cache.hpp"
#include "support/real_pipeline.hpp"

using namespace tw;

namespace {

struct arguments {
    std::string name, target, draft, prompts, json;
    int seeds = 2, max_tokens = 24, slots = 4, draft_length = 4;
    int long_runs = 0, long_tokens = 270, long_prompts = 0, warm_runs = 6;
    bool chat = false;
};

struct job {
    generation_request request;
    double temperature;
    bool is_long;
};

struct row {
    std::size_t runs = 0, tokens = 0, past512 = 0, concurrent = 0, mismatches = 0;
    std::uint64_t drafted = 0, accepted = 0;
};

// About `words` words of text that differ from one index to the next.
std::string long_text(const std::vector<std::string>& prompts, std::size_t index, std::size_t words) {
    std::string text;
    std::size_t count = 0;
    for (std::size_t i = index; count < words; ++i) {
        const auto& line = prompts[(i * 7 + index) % prompts.size()];
        text += line + " ";
        count += static_cast<std::size_t>(std::count(line.begin(), line.end(), ' ')) + 1;
    }
    return text;
}

std::vector<job> plan(const arguments& args, const std::vector<std::string>& prompts) {
    std::vector<job> jobs;
    for (const float temperature : {0.0F, 0.7F, 1.0F})
        for (std::size_t p = 0; p < prompts.size(); ++p)
            for (int seed = 1; seed <= (temperature > 0 ? args.seeds : 1); ++seed) {
                generation_request request;
                if (args.chat && p % 2 == 0) request.input = std::vector<chat_message>{{"user", prompts[p]}};
                else request.input = prompts[p];
                request.sampling.temperature = temperature;
                request.sampling.seed = static_cast<std::uint64_t>(seed) * 1000 + p;
                request.max_tokens = args.max_tokens;
                jobs.push_back({std::move(request), temperature, false});
            }
    for (int i = 0; i < args.long_runs; ++i) {
        const float temperatures[] = {0.0F, 0.7F, 1.0F};
        const auto temperature = temperatures[i % 3];
        generation_request request;
        // Prompts of well over 512 tokens, the others begin short of it and grow past it.
        request.input = long_text(prompts, static_cast<std::size_t>(i), i < args.long_prompts ? 420 : 330);
        request.sampling.temperature = temperature;
        request.sampling.seed = static_cast<std::uint64_t>(i) + 77;
        request.sampling.logit_bias = {{2, -100.0F}}; // no end of text: these are to grow long
        request.max_tokens = args.long_tokens;
        jobs.push_back({std::move(request), temperature, true});
    }
    for (auto& each : jobs) each.request.logits_digest = true;
    return jobs;
}

std::size_t past(const generation_result& result, std::int64_t position) {
    const auto end = result.prompt_tokens + result.completion_tokens;
    return static_cast<std::size_t>(std::max<std::int64_t>(0, end - std::max(position, result.prompt_tokens)));
}

int run(const arguments& args) {
    const auto prompts = bench::read_lines(args.prompts);
    const auto jobs = plan(args, prompts);
    auto models = bench::load_pair(args.target, args.draft, args.slots, args.draft_length);
    std::map<std::string, row> table;
    std::size_t over_512 = 0, past_700 = 0;

    const auto speculate = [](generation_request request, bool on) {
        request.speculate = on;
        return request;
    };
    std::vector<bench::answer> alone;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        bench::progress(args.name, i, jobs.size());
        alone.push_back(bench::ask(*models, speculate(jobs[i].request, false)));
        const auto on = bench::ask(*models, speculate(jobs[i].request, true));
        auto& line = table[std::to_string(jobs[i].temperature).substr(0, 3) + (jobs[i].is_long ? " long" : "")];
        ++line.runs;
        line.tokens += alone.back().result.tokens.size();
        line.past512 += past(alone.back().result, 512);
        line.drafted += on.result.stats.drafted;
        line.accepted += on.result.stats.accepted;
        line.mismatches += equal(alone.back(), on) ? 0 : 1;
        over_512 += alone.back().result.prompt_tokens > 512;
        past_700 += past(alone.back().result, 700) > 0;
    }
    // Once more, all in flight together: slots are reused, prompts are read while others answer.
    std::vector<std::shared_ptr<bench::collector>> crowd;
    for (const auto& each : jobs) crowd.push_back(bench::begin(*models, speculate(each.request, true)));
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        bench::progress(args.name + " under load", i, jobs.size());
        auto& line = table[std::to_string(jobs[i].temperature).substr(0, 3) + (jobs[i].is_long ? " long" : "")];
        ++line.concurrent;
        line.mismatches += equal(alone[i], crowd[i]->wait()) ? 0 : 1;
    }

    models.reset(); // its memory, before two more are loaded
    const auto load = [&] { return bench::load_pair(args.target, args.draft, args.slots, args.draft_length); };
    std::vector<std::string> texts;
    for (int i = 0; i < args.warm_runs; ++i)
        texts.push_back(long_text(prompts, static_cast<std::size_t>(i) + 5, args.long_runs > 0 ? 420 : 60));
    const auto warm = bench::check_prefix_cache(load, texts, args.max_tokens);

    row sum;
    std::printf("%-26s %-9s %6s %8s %8s %11s %11s %11s\n", "pair", "T", "runs", "tokens", "past512", "acceptance",
                "under load", "mismatches");
    for (const auto& [temperature, line] : table) {
        std::printf("%-26s %-9s %6zu %8zu %8zu %11.3f %11zu %11zu\n", args.name.c_str(), temperature.c_str(), line.runs,
                    line.tokens, line.past512,
                    line.drafted ? double(line.accepted) / double(line.drafted) : 0.0, line.concurrent, line.mismatches);
        sum.runs += line.runs;
        sum.tokens += line.tokens;
        sum.past512 += line.past512;
        sum.concurrent += line.concurrent;
        sum.mismatches += line.mismatches;
    }
    std::printf("%-26s known prefix: %zu runs, %zu of them warm (%zu cached tokens), %zu mismatches\n",
                args.name.c_str(), warm.runs, warm.warm, warm.cached, warm.mismatches);
    sum.mismatches += warm.mismatches;
    const nlohmann::json out{{"pair", args.name},          {"prompts", prompts.size()},  {"runs", sum.runs},
                             {"tokens", sum.tokens},       {"past512", sum.past512},     {"concurrent", sum.concurrent},
                             {"warm_runs", warm.runs},     {"warm", warm.warm},          {"cached_tokens", warm.cached},
                             {"warm_mismatches", warm.mismatches},
                             {"mismatches", sum.mismatches}, {"prompts_over_512", over_512}, {"runs_past_700", past_700}};
    if (!args.json.empty()) std::ofstream(args.json) << out.dump(2) << "\n";
    std::printf("prompts=%zu tokens=%zu past512=%zu concurrent=%zu warm=%zu mismatches=%zu\n", prompts.size(),
                sum.tokens, sum.past512, sum.concurrent, warm.warm, sum.mismatches);
    return sum.mismatches == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    arguments args;
    CLI::App app{"Compares answers with speculation on, alone and under load, against speculation off."};
    app.add_option("--name", args.name, "What the table calls the pair")->required();
    app.add_option("--target", args.target, "GGUF of the target")->required();
    app.add_option("--draft", args.draft, "GGUF of the draft")->required();
    app.add_option("--prompts", args.prompts, "One prompt per line")->required();
    app.add_option("--seeds", args.seeds, "Seeds per prompt and temperature above 0");
    app.add_option("--max-tokens", args.max_tokens, "Tokens per answer");
    app.add_option("--slots", args.slots, "Answers in flight under load");
    app.add_option("--draft-length", args.draft_length, "Tokens per draft");
    app.add_option("--long-runs", args.long_runs, "Runs that grow past position 700");
    app.add_option("--long-prompts", args.long_prompts, "Of these, with a prompt of more than 512 tokens");
    app.add_option("--long-tokens", args.long_tokens, "Tokens per long answer");
    app.add_option("--warm-runs", args.warm_runs, "Prompts asked again over a cached prefix");
    app.add_flag("--chat", args.chat, "Ask every other prompt as a chat message");
    app.add_option("--json", args.json, "Write the figures here");
    CLI11_PARSE(app, argc, argv);
    return run(args);
}
