// What is passed on, looked at on its way down.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "bridge/pass.hpp"

namespace tw {

// Hands head and bytes down as they come; who derives from it sees to the end.
class handed_down : public pass_sink {
  public:
    explicit handed_down(std::shared_ptr<pass_sink> to) : to_(std::move(to)) {}

    void head(pass_head head) override { to_->head(std::move(head)); }
    void bytes(std::string_view piece) final { to_->bytes(piece); }
    [[nodiscard]] bool full() const final { return to_->full(); }

  protected:
    [[nodiscard]] pass_sink& to() const { return *to_; }

  private:
    const std::shared_ptr<pass_sink> to_;
};

} // namespace tw
