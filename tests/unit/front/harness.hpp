// A server on loopback over a fake pipeline, and a client that sends raw bytes.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "fake_pipeline.hpp"
#include "front/server.hpp"

namespace tw::test {

/// Runs from construction to stop() or destruction.
class running_server {
  public:
    explicit running_server(front::server_options options = {}, bool ready = true);
    ~running_server();

    front::server& operator*() { return *server_; }
    front::server* operator->() { return server_.get(); }
    std::uint16_t port() const { return server_->port(); }
    /// Asks it to stop and waits until run() has returned.
    void stop();

    std::shared_ptr<fake_pipeline> pipeline = std::make_shared<fake_pipeline>();

  private:
    std::unique_ptr<front::server> server_;
    std::thread thread_;
};

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
/// Sends it on a new connection and reads the one answer.
http_answer ask(const running_server& server, std::string_view request);
/// The body of a chat request with that script; `more` starts with a comma.
std::string chat(std::string_view script, std::string_view more = "");

/// The "error" object of the answer, its four fields joined: "message | type | param | code".
std::string error_of(const http_answer& answer);

} // namespace tw::test
