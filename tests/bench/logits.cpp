// Records what a target and a drafter see at the same positions: raw logits and both picks under the shared noise.
// acceptance.mjs judges the record without any code of ours.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "sampling/sampler.hpp"
#include "support/real_engine.hpp"
#include "support/real_pipeline.hpp"

using namespace tw;

namespace {

static_assert(std::endian::native == std::endian::little, "the rows are written little-endian");

struct arguments {
    std::string name, target, draft, prompts, out;
    std::size_t tokens = 60;
    std::uint64_t seed = 1;
    int threads = 0;
};

using row = std::vector<float>;

sampler sampler_at_1(const engine& model, std::uint64_t seed) {
    sampling_params params;
    params.temperature = 1;
    params.seed = seed;
    return {params, model.info().n_vocab};
}

// The target's continuation of `tokens` at temperature 1, which is appended to them; one row per token of it.
std::vector<row> generate(engine& target, std::vector<std::int32_t>& tokens, std::size_t most, std::uint64_t seed) {
    auto pick = sampler_at_1(target, seed);
    std::vector<row> rows;
    std::size_t cached = 0;
    while (rows.size() < most) {
        const auto logits = bench::decode(target, 0, cached, std::span(tokens).subspan(cached));
        cached = tokens.size();
        const auto last = logits.row(logits.n_rows - 1);
        rows.emplace_back(last.begin(), last.end());
        tokens.push_back(pick.pick(last, static_cast<std::int64_t>(cached)));
        const auto& info = target.vocabulary()[static_cast<std::size_t>(tokens.back())];
        if ((info.flags & TW_TOKEN_EOG) != 0) break;
    }
    bench::clear(target);
    return rows;
}

// The drafter's rows at the same positions, whatever it would have picked itself.
std::vector<row> force(engine& draft, std::span<const std::int32_t> tokens, std::size_t prompt) {
    const auto logits = bench::decode(draft, 0, 0, tokens.first(tokens.size() - 1));
    std::vector<row> rows;
    for (auto i = static_cast<std::int32_t>(prompt) - 1; i < logits.n_rows; ++i)
        rows.emplace_back(logits.row(i).begin(), logits.row(i).end());
    bench::clear(draft);
    return rows;
}

void write(std::ofstream& file, const row& logits) {
    file.write(reinterpret_cast<const char*>(logits.data()),
               static_cast<std::streamsize>(logits.size() * sizeof(float)));
}

int run(const arguments& args) {
    const auto target = bench::load_engine(args.target, 1, args.threads);
    const auto draft = bench::load_engine(args.draft, 1, args.threads);
    if (target->vocabulary_digest() != draft->vocabulary_digest()) {
        std::fprintf(stderr, "The two models have different vocabularies.\n");
        return 2;
    }
    const auto room = static_cast<std::size_t>(
        std::min({target->info().n_ctx, draft->info().n_ctx, target->info().n_batch, draft->info().n_batch}));
    std::ofstream binary(args.out + ".f32", std::ios::binary);
    std::ofstream lines(args.out + ".jsonl");
    lines << nlohmann::json{{"name", args.name}, {"vocabulary", target->info().n_vocab}, {"temperature", 1}} << "\n";

    const auto prompts = bench::read_lines(args.prompts);
    std::size_t positions = 0;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        bench::progress(args.name, i, prompts.size());
        auto tokens = bench::tokenize(*target, prompts[i]);
        const auto prompt = tokens.size();
        if (prompt >= room) continue;
        const auto seed = args.seed + i;
        const auto p = generate(*target, tokens, std::min(args.tokens, room - prompt), seed);
        const auto q = force(*draft, tokens, prompt);
        auto pick = sampler_at_1(*draft, seed);
        for (std::size_t at = 0; at < p.size(); ++at, ++positions) {
            const auto position = prompt + at;
            lines << nlohmann::json{{"prompt", i},
                                    {"position", position},
                                    {"seed", seed},
                                    {"target", tokens[position]},
                                    {"draft", pick.pick(q[at], static_cast<std::int64_t>(position))}}
                  << "\n";
            write(binary, p[at]);
            write(binary, q[at]);
        }
    }
    binary.close();
    lines.close();
    if (!binary || !lines) {
        std::fprintf(stderr, "%s.f32 and .jsonl could not be written: the disk is full or the folder is missing.\n",
                     args.out.c_str());
        return 2;
    }
    std::printf("%s: %zu positions after %zu prompts\n", args.name.c_str(), positions, prompts.size());
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    arguments args;
    CLI::App app{"Records the logits and the picks of a target and of a drafter at the same positions."};
    app.add_option("--name", args.name, "What the table calls the pair")->required();
    app.add_option("--target", args.target, "GGUF of the target")->required();
    app.add_option("--draft", args.draft, "GGUF of the draft")->required();
    app.add_option("--prompts", args.prompts, "One prompt per line")->required();
    app.add_option("--out", args.out, "OUT.f32 gets the rows (target, draft, target, …), OUT.jsonl the picks")->required();
    app.add_option("--tokens", args.tokens, "Tokens per prompt");
    app.add_option("--seed", args.seed, "Seed of the first prompt; the next ones count up");
    app.add_option("--threads", args.threads, "Processor threads; 0 = one per core");
    CLI11_PARSE(app, argc, argv);
    return run(args);
}
