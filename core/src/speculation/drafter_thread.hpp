// A model of this process that drafts on a thread of its own.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "speculation/draft_link.hpp"
#include "speculation/model_drafter.hpp"

namespace tw {

// Between two passes it looks for newer orders, so a correction takes effect after one drafter step.
class drafter_thread final : public draft_link {
  public:
    // `inbox` outlives this; replies are marked with `index`.
    drafter_thread(std::unique_ptr<engine> model, draft_inbox& inbox, std::size_t index);
    ~drafter_thread() override; // waits for the pass under way
    drafter_thread(const drafter_thread&) = delete;
    drafter_thread& operator=(const drafter_thread&) = delete;

    void send(drafter_message message) override;
    [[nodiscard]] std::size_t longest() const override { return longest_; }

  private:
    void run();
    [[nodiscard]] bool next(std::vector<drafter_message>& messages);

    model_drafter drafter_;
    draft_inbox& inbox_;
    const std::size_t index_, longest_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<drafter_message> messages_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace tw
