// A pipeline without models: the prompt says what it shall do.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace tw::test {

/// The last message, or the prompt, or the token ids with spaces between, is a script:
///   slow N        N pieces, one every few milliseconds
///   silent        nothing until cancelled
///   flood N       N pieces of 1000 bytes at once
///   fail early    fails before the first piece;  fail late: after it;  fail away: before it, as what cannot be reached;
///                 fail corrupt: before it, with what makes no sense
///   busy later    is told to wait by a server, before the first piece
///   busy, overflow, broken   refused by start()
///   anything else is answered by itself, word by word, and, unless the temperature is 0, the seed
class fake_pipeline : public tw::pipeline {
  public:
    explicit fake_pipeline(std::vector<std::string> serves = {"org/model-1"});
    ~fake_pipeline() override;

    const std::string& name() const override { return name_; }
    const std::vector<std::string>& serves() const override { return serves_; }
    result<std::shared_ptr<generation>> start(generation_request request,
                                              std::shared_ptr<generation_sink> sink) override;
    /// Embeddings are {length of the text, 0.5, -1}, of token ids {how many, 0.5, -1}. The tokens of a text are its
    /// bytes, of a prompt the words of its script. Documents come in the order of their length. A text "busy" or "broken"
    /// is refused, "fail" fails later, "silent" ends when it is cancelled.
    result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;
    nlohmann::json status() const override;
    /// "none" is not there, "other" is under way, "fixed" it never does.
    result<void> swap_model(const std::string& model) override;
    [[nodiscard]] std::string model() const; // that was asked for last

    /// Waits up to ten seconds until that many answers are running, or have been cancelled.
    bool wait_running(std::size_t count);
    bool wait_cancelled(std::size_t count);
    generation_request last_request() const;

  private:
    struct job;
    struct open_question;
    void run(const std::shared_ptr<job>& one);
    generation_result play(job& one);

    std::string name_ = "fake";
    std::vector<std::string> serves_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t running_ = 0, cancelled_ = 0;
    generation_request last_;
    std::string model_;
    std::vector<std::shared_ptr<job>> jobs_;
    std::vector<std::thread> threads_;
};

} // namespace tw::test
