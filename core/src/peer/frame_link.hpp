// One link while it stands, as both ends see it: the hello, pings, and the channels' frames to their ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "peer/channel_end.hpp"
#include "peer/traffic.hpp"

namespace tw::peer {

// Made anew for each link; what is sent after lost() is dropped.
class frame_link {
  public:
    struct ports {
        std::function<bool(std::string)> send;  // one message; never blocks
        std::function<void(std::string)> close; // after what waits has been sent
    };
    // On the link's thread; must not block.
    struct events {
        std::function<void(const wire::hello&)> ready; // both hellos are there and go together
        // It ends: they do not go together (`ready` never came), or the other side said goodbye.
        std::function<void(const std::string& why)> parted;
        // The other side asks for a channel; accept() or refuse() is called before this returns.
        std::function<void(std::uint32_t channel, const wire::open_channel&)> asked;
    };

    // `calling`: this side connected, so its channels have odd numbers.
    frame_link(wire::hello mine, bool calling, ports out, events tell, std::shared_ptr<traffic> counts);

    void begin(); // says hello
    // On the link's thread.
    void received(std::string_view bytes);
    void lost(const std::string& why);

    // The rest from any thread, never blocking.

    // invalid_argument: the frame breaks a limit. unavailable: the link is not ready.
    result<void> send(std::uint32_t channel, const wire::message& body);
    // Asks for a channel of this side; `end` hears the answer. False when the link is not ready or the number in use.
    bool open(std::uint32_t channel, const wire::open_channel& what, std::shared_ptr<channel_end> end);
    [[nodiscard]] bool is_free(std::uint32_t channel) const;
    void accept(std::uint32_t channel, std::shared_ptr<channel_end> end);
    void refuse(std::uint32_t channel, const std::string& why);
    void close(std::uint32_t channel, const std::string& why); // its end hears nothing more
    void goodbye(const std::string& why);                      // and ends the link
    // Also ends a link that is over and that the other side, whose turn it is, has not ended.

    void ping();
    [[nodiscard]] std::optional<double> rtt_s() const; // running mean; none before the first pong
    [[nodiscard]] bool is_ready() const;

  private:
    using clock = std::chrono::steady_clock;
    enum class state { greeting, ready, over };
    enum class stage { opening, open, closing };
    struct entry {
        stage at = stage::open;
        std::shared_ptr<channel_end> end;
    };

    void part(const std::string& why, bool hang_up);
    void greet(const wire::hello& theirs);
    void of_connection(const wire::message& body);
    void of_channel(std::uint32_t channel, wire::message body);
    void asked(std::uint32_t channel, const wire::open_channel& what);
    void write(std::uint32_t channel, const wire::message& body);
    [[nodiscard]] result<void> put(std::uint32_t channel, const wire::message& body, state least);
    [[nodiscard]] std::vector<std::shared_ptr<channel_end>> finish();
    [[nodiscard]] bool ours(std::uint32_t channel) const { return (channel % 2 == 1) == calling_; }

    const wire::hello mine_;
    const bool calling_;
    const ports out_;
    const events tell_;
    const std::shared_ptr<traffic> counts_;

    mutable std::mutex mutex_; // guards what follows; held while a port is called, never while an end or event is
    state state_ = state::greeting;
    std::map<std::uint32_t, entry> channels_;
    std::uint64_t last_ping_ = 0;
    clock::time_point pinged_{};
    std::optional<double> rtt_s_;
};

} // namespace tw::peer
