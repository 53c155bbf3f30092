// A server that drafts, as one verifier's speculator sees it.
#pragma once

#include <memory>
#include <utility>

#include "speculation/draft_link.hpp"
#include "speculation/server_drafter.hpp"

namespace tw {

class server_link final : public draft_link {
  public:
    // `inbox` outlives this; what is heard is marked with `index`.
    server_link(std::shared_ptr<server_drafter> drafter, draft_inbox& inbox, std::size_t index)
        : drafter_(std::move(drafter)),
          guest_(drafter_->enter([&inbox, index](drafter_event what) { inbox.put(index, std::move(what)); })) {}
    ~server_link() override { drafter_->leave(guest_); }

    void send(drafter_message message) override { drafter_->send(guest_, std::move(message)); }
    [[nodiscard]] std::size_t longest() const override { return drafter_->longest(); }

  private:
    const std::shared_ptr<server_drafter> drafter_;
    const server_drafter::guest_id guest_;
};

} // namespace tw
