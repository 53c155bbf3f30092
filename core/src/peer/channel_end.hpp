// This side's end of one channel, whichever side opened it.
#pragma once

#include <string>

#include "wire/frame.hpp"

namespace tw::peer {

// Called on the link's thread, one at a time, and must not block.
class channel_end {
  public:
    virtual ~channel_end() = default;

    // Any frame of the channel but open_channel and channel_closed. An error ends the link with its sentence.
    [[nodiscard]] virtual result<void> received(wire::message body) = 0;
    // The other side closed the channel, or said goodbye; nothing more comes.
    virtual void closed(const std::string& why) = 0;
    // The link is gone without a goodbye; nothing more comes.
    virtual void lost(const std::string& why) = 0;
};

// For received(): a frame of a kind that has no business on the channel.
[[nodiscard]] inline error out_of_place(const wire::message& body, const char* role) {
    return fail(code::corrupt, "A frame of kind " + std::string(wire::name(body)) + " came on a channel opened as " +
                                   role + ", where it means nothing.");
}

} // namespace tw::peer
