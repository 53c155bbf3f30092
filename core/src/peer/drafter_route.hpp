// How a drafter that a target was asked to use is reached: back over the asking side's link, or straight away. A direct
// way that breaks is replaced by the other one, and taken again when it has stood for a while.
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
    // `back`: channels to the asking side. `within`: for the direct way to stand; `public_only`: of that way.
    drafter_route(wire::draft_way way, std::shared_ptr<served_target> target, std::shared_ptr<channel_book> back,
                  peer_links& links, std::chrono::milliseconds within, bool public_only);
    ~drafter_route(); // as leave()
    drafter_route(const drafter_route&) = delete;
    drafter_route& operator=(const drafter_route&) = delete;

    // Decides and joins when all is known or the time is up, and again when the direct way breaks or is back.
    void tick();
    void leave(); // the target; for good
    // {name, path, rtt_ms, direct_rtt_ms, relayed_rtt_ms, why, link}; the link's own only where the way is direct
    [[nodiscard]] nlohmann::json status() const;

  private:
    using clock = std::chrono::steady_clock;

    void try_direct(peer_links& links, bool public_only);
    [[nodiscard]] std::optional<double> relayed_s() const;
    void decide();
    void watch();
    void settle(bool direct, std::string why);
    void join(std::shared_ptr<channel_book> via, const std::string& name);

    struct onward { // what the asking side says of the rest of the way
        std::mutex mutex;
        bool known = false, refused = false;
        double seconds = 0;
    };

    const wire::draft_way way_;
    const std::shared_ptr<served_target> target_;
    const std::shared_ptr<channel_book> back_;
    const clock::time_point until_;
    const std::shared_ptr<onward> onward_ = std::make_shared<onward>();
    std::shared_ptr<far_channel> probe_; // asks for it; kept, so that a later change is heard
    std::shared_ptr<peer_link> direct_; // null where it is of no use
    std::optional<double> direct_s_; // its round trip when the way was chosen
    std::optional<clock::time_point> changed_; // since when the direct way has not been as the choice supposes
    std::string why_; // this way
    bool decided_ = false, is_direct_ = false;
    std::optional<std::size_t> ticket_;
};

} // namespace tw::peer
