// How a drafter that a target was asked to use is reached: back over the asking side's link, or straight away.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "peer/peer_links.hpp"
#include "peer/served_target.hpp"

namespace tw::peer {

// Only on the host's housekeeping thread.
class drafter_route {
  public:
    // `back`: channels to the asking side. `within`: for the direct way to stand.
    drafter_route(wire::draft_way way, std::shared_ptr<served_target> target, std::shared_ptr<channel_book> back,
                  peer_links& links, std::chrono::milliseconds within);
    ~drafter_route(); // as leave()
    drafter_route(const drafter_route&) = delete;
    drafter_route& operator=(const drafter_route&) = delete;

    void tick();  // decides and joins when all is known or the time is up
    void leave(); // the target; for good
    // {name, path, rtt_ms, direct_rtt_ms, relayed_rtt_ms, why, link}; the link's own only where the way is direct
    [[nodiscard]] nlohmann::json status() const;

  private:
    void try_direct(peer_links& links);
    [[nodiscard]] std::optional<double> relayed_s() const;
    void join(std::shared_ptr<channel_book> via, const std::string& name);

    struct onward { // what the asking side says of the rest of the way
        std::mutex mutex;
        bool known = false, refused = false;
        double seconds = 0;
    };

    const wire::draft_way way_;
    const std::shared_ptr<served_target> target_;
    const std::shared_ptr<channel_book> back_;
    const std::chrono::steady_clock::time_point until_;
    const std::shared_ptr<onward> onward_ = std::make_shared<onward>();
    std::shared_ptr<far_channel> probe_; // asks for it; kept, so that a later change is heard
    std::shared_ptr<peer_link> direct_;
    std::optional<double> direct_s_; // its round trip when the way was chosen
    std::string why_; // this way
    bool decided_ = false, is_direct_ = false;
    std::optional<std::size_t> ticket_;
};

} // namespace tw::peer
