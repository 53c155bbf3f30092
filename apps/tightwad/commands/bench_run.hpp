// The pairs of the bench: every prompt answered by the pipeline and by its target alone, interleaved.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "commands/commands.hpp"
#include "pipeline/pipeline.hpp"

namespace tw::cli {

// One answer and when it came. Times in seconds from the request.
struct timed_answer {
    std::string text{};
    generation_result result{};
    double first_s = 0; // to the first piece of text; to the end when there was none
    double total_s = 0;

    [[nodiscard]] double tok_s() const {
        return total_s > 0 ? static_cast<double>(result.completion_tokens) / total_s : 0;
    }
};

struct bench_pair {
    std::size_t prompt = 0; // its place in the list
    double cold_first_s = 0; // to the pipeline's first text before either timed answer: the prompt was new
    timed_answer on{}, alone{};

    // Text, token ids and the way it ended.
    [[nodiscard]] bool equal() const;
    // How many times as fast as the target alone.
    [[nodiscard]] double ratio() const { return alone.tok_s() > 0 ? on.tok_s() / alone.tok_s() : 0; }
};

struct bench_source {
    std::string name;
    std::uint64_t drafted = 0, accepted = 0;
};

// Where the drafts of an answer came from, one row per source that proposed anything.
[[nodiscard]] std::vector<bench_source> source_rows(const speculation_stats& stats);

// Asks every prompt in turn, `options.pairs` times in all, as ABBA: the pipeline first, then the target
// alone, in the next pair the other way round. An opener of one token comes before each pair, so that
// neither side is the one that reads a new prompt; a first pair is run and thrown away. Prompts are
// asked as chat messages where the model has a template, else as text. `progress` gets 0 … 1. Blocks;
// an answer that fails is the error.
[[nodiscard]] result<std::vector<bench_pair>> run_pairs(pipeline& models, const std::vector<std::string>& prompts,
                                                        const bench_options& options,
                                                        const std::function<void(float)>& progress);

} // namespace tw::cli
