// Where a link begins. Internal, shared by both ends.
#pragma once

namespace tw::net {

inline constexpr auto session_path = "/v1/peer/session";
// Followed by a port, and "?device=…" where the rpc-server is to be started for it.
inline constexpr auto tunnel_path = "/v1/tunnel/rpc/";

} // namespace tw::net
