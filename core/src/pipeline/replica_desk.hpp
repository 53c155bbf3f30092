// What runs over several replicas, and what the pipeline's worker has to do for it.
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
class replicated_pass;

struct replica_job {
    std::shared_ptr<generation> stop{};          // cancelled first; may be null
    std::shared_ptr<replicated_answer> answer{}; // then looked a replica for; may be null
    std::shared_ptr<replicated_pass> pass{};     // likewise
};

// Any thread.
class replica_desk {
  public:
    void enter(const std::shared_ptr<generation>& one);
    void leave(const generation* one);
    [[nodiscard]] std::vector<std::shared_ptr<generation>> present() const;
    void wait_until_empty();

    void post(replica_job job);
    // Waits for the next job. None = closed, and every job was handed out.
    [[nodiscard]] std::optional<replica_job> next();
    void close();

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::unordered_map<const generation*, std::weak_ptr<generation>> present_;
    std::deque<replica_job> jobs_;
    bool closed_ = false;
};

} // namespace tw
