// An HTTP server on loopback that does to each request what a test has written down.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tw::test {

class scripted_server {
  public:
    // One connection, for as long as one request is answered.
    class line {
      public:
        virtual ~line() = default;
        virtual bool send(std::string_view bytes) = 0; // false when the client has gone
        virtual void wait_gone() = 0;                  // until the client has gone or the server ends
        virtual void vanish() = 0;                     // with a reset instead of a farewell
        bool keep = false;                             // another request may follow
    };
    // `request` is head and body. On a thread of the connection.
    using act = std::function<void(line& to, const std::string& request)>;

    // The n-th request meets the n-th act; the last one again and again. `pem`: file with key and certificate for TLS.
    explicit scripted_server(std::vector<act> acts, const std::string& pem = {});
    ~scripted_server();
    scripted_server(const scripted_server&) = delete;
    scripted_server& operator=(const scripted_server&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string url(std::string_view path = "", std::string_view scheme = "http") const;
    [[nodiscard]] std::vector<std::string> requests() const;
    [[nodiscard]] int connections() const; // so far

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

// An answer with its Content-Length; the connection is kept.
[[nodiscard]] scripted_server::act replies(int status, std::string body, std::string headers = {});
// A chunked 200 with one chunk for each piece, sent piece by piece; the connection is kept.
[[nodiscard]] scripted_server::act streams(std::vector<std::string> pieces, std::string type = "text/event-stream");
// These bytes and the end.
[[nodiscard]] scripted_server::act says(std::string bytes);
// These bytes, and then nothing until the client goes.
[[nodiscard]] scripted_server::act stalls(std::string bytes = {});

// Writes a key and a self-signed certificate for `names` ("DNS:localhost,IP:127.0.0.1") to `file`, PEM.
void make_certificate(const std::string& file, const std::string& names);

} // namespace tw::test
