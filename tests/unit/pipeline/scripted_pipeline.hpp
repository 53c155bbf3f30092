// A pipeline without a model: its answer depends on prompt and seed alone, and it refuses, fails or hangs as told.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace tw::test {

/// What the next answers do. A piece is a word and a space, and a token.
struct script {
    std::optional<error> refuse;            // from start()
    std::optional<std::size_t> fail_after;  // pieces
    code fails_with = code::unavailable;
    std::chrono::milliseconds retry_after{0}; // of that failure
    std::optional<std::size_t> calls_after; // pieces; then it calls a tool, and goes on
    std::optional<std::size_t> extra_after; // pieces; then it says a server's own words of its answer, and goes on
    bool extra_adds_up = false;
    std::optional<std::size_t> hang_after;  // pieces; until cancelled
    std::optional<std::size_t> differs_at;  // this piece and all behind it are other words
    std::optional<std::size_t> stops_after; // pieces
    bool inside_start = false;              // the whole answer, on the caller's thread
    bool calls_after_done = false;          // against the contract
    bool counts = true;                     // a failed answer says how many tokens it had
};

/// The words for a prompt: its text up to '|' and the seed choose them. What stands behind the '|' was said before.
class scripted_pipeline final : public tw::pipeline {
  public:
    explicit scripted_pipeline(std::string name);
    ~scripted_pipeline() override;

    const std::string& name() const override { return name_; }
    const std::vector<std::string>& serves() const override { return serves_; }
    result<std::shared_ptr<generation>> start(generation_request request, std::shared_ptr<generation_sink> sink) override;
    nlohmann::json status() const override;

    /// The next answers one after the other; the last one is repeated.
    void plays(std::vector<script> next);
    void plays(script next) { plays(std::vector{std::move(next)}); }
    /// start() waits in the call until open().
    void close_door();
    void open_door();
    /// The requests so far; waits up to ten seconds for that many.
    std::vector<generation_request> requests(std::size_t at_least = 0);
    /// Waits up to ten seconds until that many have said all that they say before they hang.
    bool wait_hanging(std::size_t count);

  private:
    struct job;
    void play(const std::shared_ptr<job>& one, const script& how);

    const std::string name_;
    const std::vector<std::string> serves_{"model"};
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<script> scripts_{script{}}; // the next one first
    bool door_closed_ = false;
    std::size_t hanging_ = 0;
    std::vector<generation_request> requests_;
    std::vector<std::shared_ptr<job>> jobs_;
    std::vector<std::thread> threads_;
};

/// What a whole answer of `words` pieces says.
std::string story(const std::string& prompt, std::uint64_t seed, std::size_t words = 20);

} // namespace tw::test
