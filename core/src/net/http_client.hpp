// Requests to HTTP servers elsewhere: kept connections, checked addresses and certificates, limits on everything.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/web_url.hpp"
#include "net/url_guard.hpp"

namespace tw::net {

using header_list = std::vector<std::pair<std::string, std::string>>;

struct web_request {
    std::string method = "GET"; // or "POST"
    std::string url;
    header_list headers{};
    std::string body{};
    url_author author = url_author::stranger;
    bool repeatable = false; // may be sent again when the connection is lost before the answer; a GET always may
    std::chrono::milliseconds connect_timeout{10'000};     // name, TCP and TLS together
    std::chrono::milliseconds first_byte_timeout{600'000}; // from the request sent to the answer's head
    std::chrono::milliseconds idle_timeout{120'000};       // between two bytes of the body
    std::size_t max_body_bytes = 64U << 20U;               // of the answer
    std::string ca_file{};                                 // PEM; empty = the system's authorities
};

struct web_head {
    int status = 0;
    header_list headers; // names in lower case
    std::chrono::milliseconds retry_after{0};
};

// On the client's thread, never two at once; must not block or throw.
struct web_events {
    std::function<void(const web_head&)> head;
    std::function<void(std::string_view)> chunk;
    std::function<bool()> cancelled; // several times a second; may be empty
    std::function<void(std::optional<error>)> done; // exactly once, last; none = the answer came whole
    std::function<bool()> full{};    // before more of the body is read; true = not now; may be empty
};

// Redirects are never followed. The thread starts with the first request. Any thread may call.
class http_client {
  public:
    static constexpr std::size_t max_running = 4096;

    http_client();
    // Ends what runs with `cancelled`. Not from within an event.
    ~http_client();
    http_client(const http_client&) = delete;
    http_client& operator=(const http_client&) = delete;

    // Begins a request. On an error no event ever comes.
    [[nodiscard]] result<void> start(web_request request, web_events events);

    // Connections that wait for their next request.
    [[nodiscard]] std::size_t idle_connections() const;

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace tw::net
