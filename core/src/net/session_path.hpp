// Where a link begins. Internal, shared by both ends.
#pragma once

namespace tw::net {

inline constexpr auto session_path = "/v1/peer/session";

} // namespace tw::net
