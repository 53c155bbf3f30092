// A drafter service of this process, for others.
#pragma once

#include <memory>
#include <string>

#include "peer/served_drafter.hpp"
#include "speculation/drafter_service.hpp"

namespace tw::peer {

class local_drafter final : public served_drafter {
  public:
    local_drafter(wire::served_engine engine, std::shared_ptr<drafter_service> service)
        : engine_(std::move(engine)), service_(std::move(service)) {}

    // The engine as a drafter of that name.
    [[nodiscard]] static std::shared_ptr<local_drafter> of(std::unique_ptr<tw::engine> model, std::string name);

    [[nodiscard]] wire::served_engine engine() const override { return engine_; }
    [[nodiscard]] std::unique_ptr<drafter_seat> sit() override;

  private:
    const wire::served_engine engine_;
    const std::shared_ptr<drafter_service> service_;
};

} // namespace tw::peer
