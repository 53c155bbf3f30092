// What the status says of a link, the same at both ends.
#include "peer/traffic.hpp"

#include <nlohmann/json.hpp>

namespace tw::peer {

nlohmann::json link_status(const std::optional<wire::hello>& theirs, std::optional<double> rtt_s, const traffic& counts) {
    const nlohmann::json unknown(nullptr);
    return {{"machine", theirs ? nlohmann::json(theirs->machine) : unknown},
            {"version", theirs ? nlohmann::json(theirs->tightwad) : unknown},
            {"rtt_ms", rtt_s ? nlohmann::json(*rtt_s * 1e3) : unknown},
            {"bytes_sent", counts.bytes_sent.load()},
            {"bytes_received", counts.bytes_received.load()},
            {"frames_sent", counts.frames_sent.load()},
            {"frames_received", counts.frames_received.load()}};
}

} // namespace tw::peer
