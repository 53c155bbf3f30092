// Why a request to a server elsewhere failed, in words. Internal.
#pragma once

#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

#include "net/http_client.hpp"

namespace tw::net {

class http_faults {
  public:
    http_faults(const web_request& request, const web_url& url) : request_(request), url_(url) {}

    [[nodiscard]] error no_address(boost::system::error_code why) const;
    [[nodiscard]] error forbidden(const std::string& address, std::string_view why) const;
    [[nodiscard]] error unreachable(boost::system::error_code why) const;
    [[nodiscard]] error no_tls(boost::system::error_code why, const std::string& certificate) const;
    [[nodiscard]] error no_authorities(boost::system::error_code why) const; // the CA file
    [[nodiscard]] error lost(boost::system::error_code why) const;    // before the answer's head
    [[nodiscard]] error cut(boost::system::error_code why) const;     // within the answer's body
    [[nodiscard]] error redirected(int status, std::string_view to) const;
    [[nodiscard]] error silent(std::string_view when, std::chrono::milliseconds limit) const;

  private:
    [[nodiscard]] std::string server() const { return "The server at " + url_.origin(); }

    const web_request& request_;
    const web_url& url_;
};

} // namespace tw::net
