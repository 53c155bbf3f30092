// A target and a draft from GGUF files, wired as `tightwad serve` wires them, and answers to wait for.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace bench {

struct answer {
    std::string text;
    tw::generation_result result;
};

// Ids, a digest of every row of logits that a token was picked from, text, and how it ended.
[[nodiscard]] bool equal(const answer& a, const answer& b);

class collector final : public tw::generation_sink {
  public:
    void text(std::string_view piece) override { all_ += piece; }
    void done(tw::generation_result result) override { ended_.set_value({std::move(all_), std::move(result)}); }
    answer wait() { return ended_.get_future().get(); }

  private:
    std::string all_;
    std::promise<answer> ended_;
};

// Exits with the reason when the models cannot be loaded. threads = 0 takes one per core.
std::shared_ptr<tw::pipeline> load_pair(const std::string& target, const std::string& draft, int slots,
                                        int draft_length, int threads = 0);

std::shared_ptr<collector> begin(tw::pipeline& models, const tw::generation_request& request);
answer ask(tw::pipeline& models, const tw::generation_request& request);

// The lines of a file that hold anything; none when it cannot be read.
std::vector<std::string> read_lines(const std::string& path);

// One redrawn line on a terminal, nothing elsewhere.
void progress(const std::string& what, std::size_t done, std::size_t all);

} // namespace bench
