// The answers that run over several replicas, and what the pipeline's worker has to do for them.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "scheduler/generation.hpp"

namespace tw {

class replicated_answer;

struct replica_job {
    std::shared_ptr<generation> stop;          // cancelled first; may be null
    std::shared_ptr<replicated_answer> answer; // then looked a replica for; may be null
};

// Any thread.
class replica_desk {
  public:
    void enter(const std::shared_ptr<replicated_answer>& answer);
    void leave(const replicated_answer* answer);
    [[nodiscard]] std::vector<std::shared_ptr<replicated_answer>> present() const;
    void wait_until_empty();

    void post(replica_job job);
    // Waits for the next job. None = closed, and every job was handed out.
    [[nodiscard]] std::optional<replica_job> next();
    void close();

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::unordered_map<const replicated_answer*, std::weak_ptr<replicated_answer>> answers_;
    std::deque<replica_job> jobs_;
    bool closed_ = false;
};

} // namespace tw
