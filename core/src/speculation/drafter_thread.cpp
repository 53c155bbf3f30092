// The only guest of a service.
#include "speculation/drafter_thread.hpp"

#include <utility>

namespace tw {

drafter_thread::drafter_thread(std::unique_ptr<engine> model, draft_inbox& inbox, std::size_t index)
    : service_(std::move(model)),
      guest_(service_.enter([&inbox, index](std::vector<drafter_reply>& replies) { inbox.put(index, replies); })) {}

} // namespace tw
