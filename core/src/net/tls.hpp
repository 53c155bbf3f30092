// TLS settings of both ends: version 1.3, trust by fingerprint. Internal.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "base/error.hpp"
#include "net/identity.hpp"

namespace tw::net {

// Checks no certificate: the caller compares the fingerprint before it sends anything.
[[nodiscard]] boost::asio::ssl::context client_tls();

[[nodiscard]] result<boost::asio::ssl::context> server_tls(const identity& mine);

} // namespace tw::net
