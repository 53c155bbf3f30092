// Why an attempt failed, in words. Internal.
#pragma once

#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

#include "net/connection.hpp"

namespace tw::net {

class refusals {
  public:
    explicit refusals(const connection_options& options) : options_(options) {}

    [[nodiscard]] error no_address(boost::system::error_code why) const;
    [[nodiscard]] error forbidden(const std::string& address, std::string_view why) const;
    [[nodiscard]] error unreachable(boost::system::error_code why) const;
    [[nodiscard]] error no_tls(boost::system::error_code why) const;
    [[nodiscard]] error other_certificate(const std::string& shown) const;
    // `body`: what the peer said of it as JSON; may be empty.
    [[nodiscard]] error declined(unsigned http_status, const std::string& body) const;
    [[nodiscard]] error broken(boost::system::error_code why) const; // while HTTP was spoken

  private:
    [[nodiscard]] error too_late() const;
    [[nodiscard]] std::string port() const { return std::to_string(options_.peer.port); }

    const connection_options& options_;
};

// "The peer at tw://den:9191".
[[nodiscard]] std::string name_of(const peer_address& peer);

} // namespace tw::net
