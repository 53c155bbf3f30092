// The C side of the HTTP service.
#pragma once

#include <tightwad/abi/host/http.h>

namespace tw {

[[nodiscard]] const tw_host_http& http_service();

} // namespace tw
