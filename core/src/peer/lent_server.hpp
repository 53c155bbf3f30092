// A server that drafts, lent to a target on another machine.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "peer/served_drafter.hpp"
#include "speculation/server_drafter.hpp"

namespace tw::peer {

// The server has the target's vocabulary while it is there: its check has found that out, and it is what others are told.
class lent_server final : public served_drafter {
  public:
    // `vocabulary`: the target's digest, as it is known once the drafter's check has succeeded.
    lent_server(std::string name, std::shared_ptr<server_drafter> drafter, std::function<std::string()> vocabulary)
        : name_(std::move(name)), drafter_(std::move(drafter)), vocabulary_(std::move(vocabulary)) {}

    [[nodiscard]] wire::served_engine engine() const override;
    [[nodiscard]] std::unique_ptr<drafter_seat> sit() override;

  private:
    class seat;

    const std::string name_;
    const std::shared_ptr<server_drafter> drafter_;
    const std::function<std::string()> vocabulary_;
};

} // namespace tw::peer
