// A drafter on another machine, for a third: frames are passed on as they are, under another channel's number.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "peer/channel_book.hpp"
#include "peer/served_drafter.hpp"

namespace tw::peer {

class relayed_drafter final : public served_drafter {
  public:
    // `name` is the drafter's at the peer that `via` leads to; empty = the only one there.
    relayed_drafter(std::shared_ptr<channel_book> via, std::string name);

    [[nodiscard]] wire::served_engine engine() const override;
    [[nodiscard]] std::unique_ptr<drafter_seat> sit() override;

  private:
    struct memory { // what the peer said last, shared with the seats
        std::mutex mutex;
        wire::served_engine engine;
    };
    class seat;

    const std::shared_ptr<channel_book> via_;
    const std::string name_;
    const std::shared_ptr<memory> known_ = std::make_shared<memory>();
};

} // namespace tw::peer
