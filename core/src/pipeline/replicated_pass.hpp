// A request that is handed on to the first of several replicas that can be reached.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "pipeline/pipeline.hpp"
#include "pipeline/replica_desk.hpp"

namespace tw {

// What was asked of a replica that fails before its answer's head came is asked of the next one; from the head on it stays
// where it is. Any thread. It calls sinks and pipelines without holding its lock, and pipelines only on the threads that
// call run_on(). It holds no pipeline.
class replicated_pass final : public generation, public std::enable_shared_from_this<replicated_pass> {
  public:
    replicated_pass(std::shared_ptr<const pass_request> request, std::shared_ptr<pass_sink> sink,
                    std::shared_ptr<replica_desk> desk);

    void cancel() override;

    // The replica to try now: each once, in their order. None = all were tried, or nobody waits any more.
    [[nodiscard]] std::optional<std::size_t> next(std::size_t replicas);
    // When this fails the sink has not been called.
    [[nodiscard]] result<void> run_on(pipeline& what);
    // Why one of them did not take it; of all these, what the client is to hear.
    void note(error why);
    [[nodiscard]] std::optional<error> refusal() const;

    // Ends it, because no replica takes it.
    void give_up(const error& why);

  private:
    struct run_sink;
    void on_head(pass_head head);
    void on_done(std::optional<error> failure);
    void finish(std::optional<error> failure);

    const std::shared_ptr<const pass_request> request_;
    const std::shared_ptr<replica_desk> desk_;

    mutable std::mutex mutex_;
    std::shared_ptr<pass_sink> sink_; // null = finished
    std::shared_ptr<generation> run_; // null between two replicas and while one begins
    std::uint64_t runs_ = 0;          // begun so far
    std::size_t next_ = 0;
    std::optional<error> refusal_;
    bool headed_ = false, cancelled_ = false;
};

} // namespace tw
