// The calling side of the link to one other host: kept up, shared by all that use the host.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "net/connection.hpp"
#include "peer/channel_book.hpp"
#include "peer/errands.hpp"
#include "peer/served_drafter.hpp"

namespace tw::peer {

// As many bytes as a frame may have, and twice as many waiting.
[[nodiscard]] net::link_limits limits_for_frames();

class peer_link {
  public:
    // `mine` is this program's hello, but for the engines. Begins to connect and returns; errors are those of
    // net::connection::open(). The limits of `to` are taken as they are: see limits_for_frames().
    [[nodiscard]] static result<std::shared_ptr<peer_link>> open(net::connection_options to, wire::hello mine);
    ~peer_link(); // says goodbye
    peer_link(const peer_link&) = delete;
    peer_link& operator=(const peer_link&) = delete;

    // Any thread from here on.

    // Channels of the given link. Who keeps the book keeps the link.
    [[nodiscard]] static std::shared_ptr<channel_book> channels(const std::shared_ptr<peer_link>& of) {
        return {of, &of->book_};
    }
    // Lets the peer draft with `drafter`, by that name; it opens the channel. Null: not any more.
    void serve(const std::string& name, std::shared_ptr<served_drafter> drafter);

    enum class state { up, down, refused };
    [[nodiscard]] state now() const;
    [[nodiscard]] std::string why() const; // it is not up, in a sentence; empty when it is
    [[nodiscard]] std::string url() const { return url_; }
    [[nodiscard]] std::optional<wire::hello> theirs() const; // the last hello
    [[nodiscard]] std::optional<double> rtt_s() const { return book_.rtt_s(); }
    // {url, machine, version, state, why, rtt_ms, bytes_sent, bytes_received, frames_sent, frames_received}
    [[nodiscard]] nlohmann::json status() const;

  private:
    peer_link(std::string url, wire::hello mine);

    void went_up();
    void went_down(const error& why);
    void greeted(const wire::hello& theirs);
    void parted(const std::string& why);
    void asked(const std::shared_ptr<frame_link>& link, std::uint32_t channel, const wire::open_channel& what);
    void tick();
    [[nodiscard]] std::shared_ptr<frame_link> current() const;
    static void release(peer_link* link); // as delete, also on a thread of the link

    const std::string url_;
    const wire::hello mine_;
    const std::shared_ptr<traffic> counts_ = std::make_shared<traffic>();
    channel_book book_{true};
    std::atomic<std::thread::id> net_thread_{}; // the one that calls went_up and so on
    mutable std::mutex mutex_; // guards what follows
    std::shared_ptr<frame_link> link_;
    std::map<std::string, std::shared_ptr<served_drafter>> served_;
    std::optional<wire::hello> theirs_;
    state state_ = state::down;
    std::string why_ = "It is being connected.";
    bool refused_now_ = false; // by the link that stands
    std::chrono::steady_clock::time_point pinged_{};
    std::unique_ptr<net::connection> connection_; // set once
    net::connection* wire_ = nullptr;             // the same, also while it is being destroyed
    std::unique_ptr<errands> ticker_;
};

} // namespace tw::peer
