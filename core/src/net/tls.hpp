// TLS settings: of links, version 1.3 and trust by fingerprint; towards servers elsewhere, trust by authority. Internal.
#pragma once

#include <string>

#include <boost/asio/ssl/context.hpp>

#include "base/error.hpp"
#include "net/identity.hpp"

namespace tw::net {

// Checks no certificate: the caller compares the fingerprint before it sends anything.
[[nodiscard]] boost::asio::ssl::context client_tls();

[[nodiscard]] result<boost::asio::ssl::context> server_tls(const identity& mine);

// Checks certificates against the authorities in a PEM file, or the system's where that is empty. Version 1.2 or 1.3.
[[nodiscard]] boost::system::error_code trust(boost::asio::ssl::context& context, const std::string& ca_file);

} // namespace tw::net
