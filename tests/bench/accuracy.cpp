// Guards against silent damage: the perplexity of a text in rows of 1 and of 8, and sums and copies answered with
// speculation on and off. Everything must be equal; how good it is is printed beside it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "sampling/digest.hpp"
#include "support/real_engine.hpp"
#include "support/real_pipeline.hpp"

using namespace tw;

namespace {

constexpr int draft_length = 7; // the target's passes then hold up to 8 rows, as in the perplexity's second half

struct question {
    std::string prompt, answer;
};

struct score {
    std::size_t right_on = 0, right_off = 0, differing = 0, asked = 0;
};

// Two small numbers from a fixed sequence; three operations in turn.
std::vector<question> sums() {
    std::vector<question> out;
    for (int i = 0; i < 20; ++i) {
        const int a = 3 + i * 7 % 17, b = 2 + i * 5 % 9;
        const std::string text = i % 3 == 2 ? " times " : i % 3 == 1 ? " minus " : " plus ";
        const int result = i % 3 == 2 ? a * b : i % 3 == 1 ? a - b : a + b;
        out.push_back({"Two plus three is 5.\nNine minus four is 5.\n6 plus 6 is 12.\n3 times 4 is 12.\n" +
                           std::to_string(a) + text + std::to_string(b) + " is",
                       std::to_string(result)});
    }
    return out;
}

std::vector<question> copies() {
    const std::vector<std::string> words{"lamp", "river", "seven", "green", "stone", "Lily",  "bread", "cloud",
                                         "train", "quiet", "apple", "north", "dog",  "window", "paper"};
    std::vector<question> out;
    for (std::size_t i = 0; i < 20; ++i) {
        std::string line;
        for (std::size_t k = 0; k < 3 + i % 6; ++k)
            line += (k == 0 ? "" : " ") + words[(i * 4 + k * (1 + i % 7)) % words.size()];
        out.push_back({"Read: red boat\nWrite: red boat\nRead: one small old house\nWrite: one small old house\nRead: " +
                           line + "\nWrite:",
                       line});
    }
    return out;
}

// The answer's first word or line without what surrounds it.
std::string trimmed(const std::string& text, bool number) {
    const auto* edges = number ? " .\n" : " \n";
    const auto from = text.find_first_not_of(edges);
    if (from == std::string::npos) return {};
    const auto to = number ? text.find_first_not_of("-0123456789", from) : text.find_last_not_of(edges) + 1;
    return text.substr(from, to - from);
}

score examine(pipeline& models, const std::vector<question>& questions, bool numbers) {
    score out;
    for (const auto& each : questions) {
        bench::progress(numbers ? "sums" : "copies", out.asked++, questions.size());
        generation_request request;
        request.input = each.prompt;
        request.sampling.temperature = 0;
        request.max_tokens = numbers ? 8 : 32;
        request.stop = {"\n"};
        request.logits_digest = true;
        request.speculate = false;
        const auto off = bench::ask(models, request);
        request.speculate = true;
        const auto on = bench::ask(models, request);
        out.right_off += trimmed(off.text, numbers) == each.answer;
        out.right_on += trimmed(on.text, numbers) == each.answer;
        out.differing += on.text != off.text || on.result.tokens != off.result.tokens ||
                         on.result.reason != off.result.reason ||
                         on.result.logits_digests != off.result.logits_digests;
    }
    return out;
}

// -ln of the probability the row gives to `token`.
double surprise(std::span<const float> logits, std::int32_t token) {
    const double max = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const auto logit : logits) sum += std::exp(logit - max);
    return std::log(sum) - (logits[static_cast<std::size_t>(token)] - max);
}

struct reading {
    double perplexity = 0;
    std::vector<std::uint64_t> digests;
};

// The text in windows of the model's context, each begun as the model wants it, in passes of `rows` tokens.
reading read(engine& model, const std::vector<std::int32_t>& text, std::size_t rows) {
    const auto& info = model.info();
    const std::size_t lead = info.add_bos ? 1 : 0;
    const auto window = static_cast<std::size_t>(info.n_ctx) - lead;
    reading out;
    double sum = 0;
    std::size_t counted = 0;
    for (std::size_t begin = 0; begin + 1 < text.size(); begin += window) {
        std::vector<std::int32_t> tokens;
        if (lead == 1) tokens.push_back(info.bos);
        const auto end = std::min(text.size(), begin + window);
        tokens.insert(tokens.end(), text.begin() + static_cast<std::ptrdiff_t>(begin),
                      text.begin() + static_cast<std::ptrdiff_t>(end));
        for (std::size_t at = 0; at + 1 < tokens.size(); at += rows) {
            bench::progress("perplexity in rows of " + std::to_string(rows), begin + at, text.size());
            const auto count = std::min(rows, tokens.size() - 1 - at);
            const auto logits = bench::decode(model, 0, at, std::span(tokens).subspan(at, count));
            for (std::int32_t i = 0; i < logits.n_rows; ++i, ++counted) {
                sum += surprise(logits.row(i), tokens[at + static_cast<std::size_t>(i) + 1]);
                out.digests.push_back(digest(logits.row(i)));
            }
        }
        bench::clear(model);
    }
    out.perplexity = std::exp(sum / static_cast<double>(counted));
    return out;
}

struct arguments {
    std::string name, target, draft, text;
    int threads = 0;
};

int run(const arguments& args) {
    std::ifstream file(args.text);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.empty()) {
        std::fprintf(stderr, "%s is missing or empty.\n", args.text.c_str());
        return 2;
    }
    reading single, batched;
    {
        const auto model = bench::load_engine(args.target, 1, args.threads);
        const auto tokens = model->tokenize(text, false, false);
        if (!tokens) return 2;
        single = read(*model, *tokens, 1);
        batched = read(*model, *tokens, draft_length + 1);
    }
    const auto models = bench::load_pair(args.target, args.draft, 1, draft_length, args.threads);
    const auto arithmetic = examine(*models, sums(), true);
    const auto copying = examine(*models, copies(), false);

    std::size_t rows_differing = 0;
    for (std::size_t i = 0; i < single.digests.size(); ++i) rows_differing += single.digests[i] != batched.digests[i];
    std::printf("%s\n  perplexity over %zu rows: %.17g in rows of 1, %.17g in rows of %d; %zu rows differ\n", args.name.c_str(),
                single.digests.size(), single.perplexity, batched.perplexity, draft_length + 1, rows_differing);
    for (const auto& [what, result] : {std::pair{"sums", arithmetic}, std::pair{"copies", copying}})
        std::printf("  %s: %zu of %zu right with speculation, %zu without; %zu answers differ\n", what, result.right_on,
                    result.asked, result.right_off, result.differing);
    const bool equal = rows_differing == 0 && single.perplexity == batched.perplexity &&
                       arithmetic.differing + copying.differing == 0;
    std::printf("accuracy_equal=%d perplexity=%.17g arithmetic=%zu/%zu copy=%zu/%zu\n", equal ? 1 : 0,
                batched.perplexity, arithmetic.right_on, arithmetic.asked, copying.right_on, copying.asked);
    return equal ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    arguments args;
    CLI::App app{"Perplexity, sums and copies, with speculation and without: equal to the last digit."};
    app.add_option("--name", args.name, "What the table calls the pair")->required();
    app.add_option("--target", args.target, "GGUF of the target")->required();
    app.add_option("--draft", args.draft, "GGUF of the draft")->required();
    app.add_option("--text", args.text, "The text whose perplexity is taken")->required();
    app.add_option("--threads", args.threads, "Processor threads; 0 = one per core");
    CLI11_PARSE(app, argc, argv);
    return run(args);
}
