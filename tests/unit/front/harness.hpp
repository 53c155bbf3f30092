// A server on loopback over a fake pipeline.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "fake_pipeline.hpp"
#include "front/server.hpp"
#include "support/raw_client.hpp"

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

/// Sends it on a new connection and reads the one answer.
http_answer ask(const running_server& server, std::string_view request);
/// The body of a chat request with that script; `more` starts with a comma.
std::string chat(std::string_view script, std::string_view more = "");

/// The "error" object of the answer, its four fields joined: "message | type | param | code".
std::string error_of(const http_answer& answer);

} // namespace tw::test
