// Frames about the connection itself and about its channels.
//
// A channel is one remote engine, opened for one use. The side that opened it names the number: odd from
// the side that connected, even from the other, so that both may open at once. A number is free again
// once either side has said `channel_closed` and the other has repeated it. Channel 0 is the connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

// A drafter for a target, which the asking side can reach: the serving side opens a channel back to it by
// `name`, or goes to it straight away where it has an address.
struct draft_way {
    std::string name{};
    std::string engine{};      // its name at its own machine
    std::string url{};         // of the drafter's own machine; empty = only over this connection
    std::string token{};       // for it
    std::string fingerprint{}; // of its certificate
    bool fallback = false;     // to be asked only while no other can be
};

// The channel they name.
struct open_channel {
    std::string engine{};
    tw::wire::role role = role::drafter;
    std::vector<draft_way> drafts{}; // for a target
};
struct channel_opened {
    served_engine engine{};  // as it is now; what the hello said may be old
    double onward_s = 0;     // round trip from the serving side to a third that the channel leads on to
};
struct channel_refused {
    std::string why;
};
struct channel_closed { // in either direction; nothing more comes on it
    std::string why;
};

} // namespace tw::wire
