// A drafter on another machine, as the verifier's speculator sees it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "peer/channel_book.hpp"
#include "speculation/draft_link.hpp"

namespace tw::peer {

// Opens a drafter channel as soon as there is a link and again after each loss; the inbox hears drafter_back
// and drafter_away. A model that does not fit the target is `drafter_failed`, for good.
class remote_drafter final : public draft_link {
  public:
    // `name` is the drafter's at the other side, empty = the only one there. Of `target` the name, the vocabulary and
    // n_vocab count. `via` is kept; `inbox` outlives this; replies are marked with `index`.
    remote_drafter(std::shared_ptr<channel_book> via, std::string name, wire::served_engine target, draft_inbox& inbox,
                   std::size_t index);
    ~remote_drafter() override;

    void send(drafter_message message) override; // dropped while the drafter is away
    [[nodiscard]] std::size_t longest() const override { return longest_; }

  private:
    void opened(const wire::channel_opened& what);
    [[nodiscard]] result<void> frame(wire::message body);
    void away(const std::string& why);
    void fail_for_good(const std::string& why);

    const std::shared_ptr<channel_book> via_;
    const wire::served_engine target_;
    draft_inbox& inbox_;
    const std::size_t index_;
    std::atomic<std::size_t> longest_{0};
    std::atomic<bool> failed_{false};
    std::mutex mutex_;
    std::vector<sequence_id> unclosed_; // closed while the drafter was away; it may have kept them
    std::shared_ptr<far_channel> channel_; // set once, under the lock
};

} // namespace tw::peer
