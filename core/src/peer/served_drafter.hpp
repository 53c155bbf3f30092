// A drafter that others may draft with: a model of this process, or one that this process leads on to.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "speculation/messages.hpp"
#include "wire/connection.hpp"

namespace tw::peer {

// What one verifier hears. On a thread of the drafter's; must not block.
struct seat_events {
    std::function<void(const wire::channel_opened&)> opened; // once, before any reply
    std::function<void(drafter_reply)> reply;
    std::function<void(const std::string& why)> away; // nothing more comes, or it never opened
};

// One verifier's place at a drafter. The destructor closes its sequences.
class drafter_seat {
  public:
    virtual ~drafter_seat() = default;
    // Once this returns no earlier events are under way. With empty functions nothing is heard; the
    // sequences stay.
    virtual void listen(seat_events events) = 0;
    virtual void send(drafter_message message) = 0; // never blocks
};

class served_drafter {
  public:
    virtual ~served_drafter() = default;
    [[nodiscard]] virtual wire::served_engine engine() const = 0; // as far as it is known now; any thread
    [[nodiscard]] virtual std::unique_ptr<drafter_seat> sit() = 0; // any thread
};

} // namespace tw::peer
