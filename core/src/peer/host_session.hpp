// One link of a host: what the other side may open, and what this side opens back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "net/session.hpp"
#include "peer/host_state.hpp"
#include "peer/target_channel.hpp"

namespace tw::peer {

// begin, received, lost on the listener's thread; the rest from any.
class host_session final : public std::enable_shared_from_this<host_session> {
  public:
    // `greeted` is called when the other side is known.
    host_session(std::shared_ptr<net::session> wire, std::shared_ptr<host_state> host,
                 std::function<void(const host_session&)> greeted);

    void begin() { link_->begin(); }
    void received(std::string_view bytes) { link_->received(bytes); }
    void lost(const std::string& why);

    void goodbye(const std::string& why) { link_->goodbye(why); }
    void tick(); // on the housekeeping thread
    // Of the other side's hello; none before it.
    [[nodiscard]] std::optional<std::uint64_t> session() const;
    // {machine, version, remote, rtt_ms, bytes_sent, bytes_received, frames_sent, frames_received}
    [[nodiscard]] nlohmann::json status() const;

  private:
    void asked(std::uint32_t channel, const wire::open_channel& what);

    const std::shared_ptr<net::session> wire_;
    const std::shared_ptr<host_state> host_;
    const std::function<void(const host_session&)> greeted_;
    const std::shared_ptr<traffic> counts_ = std::make_shared<traffic>();
    const std::shared_ptr<channel_book> book_ = std::make_shared<channel_book>(false);
    std::shared_ptr<frame_link> link_; // set once
    std::chrono::steady_clock::time_point pinged_{};
    mutable std::mutex mutex_; // guards what follows
    std::optional<wire::hello> theirs_;
    std::vector<std::weak_ptr<target_channel>> targets_;
};

} // namespace tw::peer
