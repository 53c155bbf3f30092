// `tightwad benchmark`: one long prompt to the running endpoint, timed from outside.
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/http_client.hpp"
#include "commands/setup.hpp"
#include "commands/sse_reader.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

using clock = std::chrono::steady_clock;
using json = nlohmann::ordered_json;

struct timing {
    std::int64_t prompt_tokens = 0, cached_tokens = 0, tokens = 0;
    double first_s = 0, rest_s = 0; // until the first text; from there to the last
    json ours;                      // what the endpoint says of its speculation; null = nothing

    [[nodiscard]] double prompt_rate() const {
        return first_s > 0 ? static_cast<double>(prompt_tokens - cached_tokens) / first_s : 0;
    }
    // The first token came with the first text.
    [[nodiscard]] double answer_rate() const {
        return rest_s > 0 && tokens > 1 ? static_cast<double>(tokens - 1) / rest_s : 0;
    }
};

// Long enough to be timed, and new each time, so that no cache has its beginning.
std::string prompt() {
    std::string out = "Report " + std::to_string(clock::now().time_since_epoch().count()) + ".\n";
    for (int i = 0; i < 32; ++i) out += "A quick brown fox jumps over a lazy dog while the rain falls on the old town. ";
    return out + "\nGo on with the story:";
}

std::string body(const std::string& model, std::int32_t max_tokens) {
    const json out{{"model", model},
                   {"prompt", prompt()},
                   {"max_tokens", max_tokens},
                   {"temperature", 0},
                   {"stream", true},
                   {"stream_options", {{"include_usage", true}}}};
    return out.dump();
}

std::int64_t number(const json& in, const char* key) {
    return in.is_object() && in.contains(key) && in[key].is_number_integer() ? in[key].get<std::int64_t>() : 0;
}

// Reads the stream of an answer and remembers when its text came.
class stopwatch {
  public:
    void feed(std::string_view bytes) {
        for (const auto& data : events_.feed(bytes)) event(data);
    }
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] timing result() const {
        auto out = read_;
        out.first_s = std::chrono::duration<double>(first_ - began_).count();
        out.rest_s = std::chrono::duration<double>(last_ - first_).count();
        return out;
    }

  private:
    void event(const std::string& data) {
        const auto chunk = json::parse(data, nullptr, false);
        if (!chunk.is_object()) return;
        if (chunk.contains("error")) failure_ = refusal_sentence({.status = 200, .body = data});
        if (chunk.contains("tightwad")) read_.ours = chunk["tightwad"];
        if (chunk.contains("usage") && chunk["usage"].is_object()) {
            const auto& usage = chunk["usage"];
            read_.prompt_tokens = number(usage, "prompt_tokens");
            read_.tokens = number(usage, "completion_tokens");
            if (usage.contains("prompt_tokens_details"))
                read_.cached_tokens = number(usage["prompt_tokens_details"], "cached_tokens");
        }
        if (!chunk.contains("choices") || !chunk["choices"].is_array() || chunk["choices"].empty()) return;
        last_ = clock::now();
        if (first_ == clock::time_point()) first_ = last_;
    }

    sse_reader events_;
    timing read_;
    std::string failure_;
    const clock::time_point began_ = clock::now();
    clock::time_point first_{}, last_{};
};

void print(const std::string& model, const timing& of) {
    std::array<char, 160> line{};
    const auto say = [&](const char* format, auto... values) {
        std::snprintf(line.data(), line.size(), format, values...);
        std::cout << line.data() << '\n';
    };
    std::cout << model << '\n';
    say("  prompt  %6lld tokens  %8.3f s  %9.2f tok/s, until the first text",
        static_cast<long long>(of.prompt_tokens - of.cached_tokens), of.first_s, of.prompt_rate());
    say("  answer  %6lld tokens  %8.3f s  %9.2f tok/s", static_cast<long long>(of.tokens), of.rest_s, of.answer_rate());
    if (const auto drafted = number(of.ours, "drafted"); drafted > 0)
        say("  drafted %6lld tokens, %lld of them accepted", static_cast<long long>(drafted),
            static_cast<long long>(number(of.ours, "accepted")));
    std::cout.flush();
}

} // namespace

int benchmark(const global_options& global, const benchmark_options& options) {
    const auto config = load_config(global);
    if (!config) return report_mistakes(config.error());
    if (const auto missing = missing_pipelines(*config); !missing.empty()) return report_mistakes(missing);
    const auto model = options.model.empty() ? config->pipelines.front().serves.front() : options.model;
    http_request request{.method = "POST", .path = "/v1/completions", .body = body(model, options.max_tokens), .token = {}};
    request.patience = std::chrono::minutes{5}; // a large model reads a prompt for as long
    auto token = read_secret(config->server.token);
    if (!token) return complain(token.error().message, exit_usage);
    request.token = std::move(*token);
    stopwatch watch;
    const auto answer = fetch(config->server, request, [&](std::string_view bytes) { watch.feed(bytes); });
    if (!answer) return complain(answer.error().message, exit_failure);
    if (answer->status != 200) return complain(refusal_sentence(*answer), exit_failure);
    if (!watch.failure().empty()) return complain(watch.failure(), exit_failure);
    const auto figures = watch.result();
    if (figures.tokens == 0) return complain("The answer was empty, so there is nothing to time.", exit_failure);
    if (!options.json) {
        print(model, figures);
        return exit_ok;
    }
    const json out{{"model", model},
                   {"prompt_tokens", figures.prompt_tokens},
                   {"cached_tokens", figures.cached_tokens},
                   {"completion_tokens", figures.tokens},
                   {"first_text_s", figures.first_s},
                   {"answer_s", figures.rest_s},
                   {"prompt_tok_s", figures.prompt_rate()},
                   {"answer_tok_s", figures.answer_rate()},
                   {"tightwad", figures.ours}};
    std::cout << out.dump(2) << std::endl;
    return exit_ok;
}

} // namespace tw::cli
