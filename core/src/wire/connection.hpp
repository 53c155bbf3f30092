// Frames about the connection itself and about its channels.
//
// A channel is one remote engine, opened for one use. The side that opened it names the number: odd from
// the side that connected, even from the other, so that both may open at once. A number is free again
// once either side has said `channel_closed` and the other has repeated it. Channel 0 is the connection.
#pragma once

#include <cstdint>
#include <string>

#include "wire/hello.hpp"

namespace tw::wire {

enum class role : std::uint8_t { drafter, target };

// Channel 0.
struct ping {
    std::uint64_t number = 0;
};
struct pong { // repeats the ping's number
    std::uint64_t number = 0;
};
struct goodbye { // the sender closes the connection
    std::string why;
};

// The channel they name.
struct open_channel {
    std::string engine;
    tw::wire::role role = role::drafter;
};
struct channel_opened {
    served_engine engine; // as it is now; what the hello said may be old
};
struct channel_refused {
    std::string why;
};
struct channel_closed { // in either direction; nothing more comes on it
    std::string why;
};

} // namespace tw::wire
