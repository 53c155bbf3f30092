// A client of an HTTP server on loopback that sends raw bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tw::test {

struct http_answer {
    int status = 0;
    std::map<std::string, std::string> headers; // names in lower case
    std::string body;                           // without chunk framing
};

class raw_client {
  public:
    explicit raw_client(std::uint16_t port);
    ~raw_client();
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;

    /// False when the server has closed before all was taken.
    bool send(std::string_view bytes);
    /// One answer, as its head says where it ends; status 0 when the connection ended before.
    http_answer read(bool has_body = true);
    /// Until `text` has come; what came.
    std::string read_until(std::string_view text);
    /// All that still comes until the server closes.
    std::string read_to_end();
    /// With a reset instead of a farewell.
    void vanish();

  private:
    bool more();
    int socket_ = -1;
    std::string buffer_;
};

/// A POST with the right Content-Length.
std::string post(std::string_view path, std::string_view body, std::string_view headers = "");
std::string get(std::string_view path, std::string_view headers = "");

} // namespace tw::test
