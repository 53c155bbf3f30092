// A model of this process that drafts for one verifier, on a thread of its own.
#pragma once

#include <memory>

#include "speculation/draft_link.hpp"
#include "speculation/drafter_service.hpp"

namespace tw {

class drafter_thread final : public draft_link {
  public:
    // `inbox` outlives this; replies are marked with `index`.
    drafter_thread(std::unique_ptr<engine> model, draft_inbox& inbox, std::size_t index);

    void send(drafter_message message) override { service_.send(guest_, std::move(message)); }
    [[nodiscard]] std::size_t longest() const override { return service_.longest(); }

  private:
    drafter_service service_;
    const drafter_service::guest_id guest_;
};

} // namespace tw
