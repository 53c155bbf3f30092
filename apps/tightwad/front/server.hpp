// The OpenAI-compatible HTTP server in front of the pipelines.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/pipeline.hpp"

namespace tw::front {

struct server_options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8088; // 0 = any free one
    /// Asked of every request but /health and OPTIONS. None = open to whoever can connect.
    std::optional<std::string> token{};
    /// Origins whose pages may call from a browser. "*" allows every page and must be asked for.
    std::vector<std::string> cors_origins{};
    /// Larger bodies are answered 413, counted in bytes whatever the framing.
    std::size_t max_body_bytes = 10U << 20U;
    /// The most tokens a request may ask for.
    std::int32_t max_tokens_limit = 16384;
    /// From the first byte of a request to the end of its header.
    std::chrono::milliseconds header_timeout = std::chrono::seconds{10};
    /// For the whole body.
    std::chrono::milliseconds body_timeout = std::chrono::seconds{30};
    /// A connection on which no request has begun.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds{75};
    /// One write; a client that reads nothing for this long is gone.
    std::chrono::milliseconds write_timeout = std::chrono::seconds{30};
    /// How long stop() lets running answers finish.
    std::chrono::milliseconds drain_timeout = std::chrono::seconds{30};
    /// Silence after which a stream carries a comment, so that proxies keep it open.
    std::chrono::milliseconds ping_interval = std::chrono::seconds{15};
    /// More are answered 503.
    std::size_t max_connections = 1024;
    /// The model ids of the configuration, listed before the models are loaded.
    std::vector<std::string> model_ids{};
};

/// Owns its sockets; all of them are served by the thread that is in run().
class server {
  public:
    /// Binds and listens; nothing is answered before run(). Errors: an address that is not this
    /// machine's or is taken, and an address other machines can reach while no token is set.
    [[nodiscard]] static tw::result<std::unique_ptr<server>> listen(server_options options);

    /// Not while run() is running.
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    [[nodiscard]] std::uint16_t port() const;

    /// How far the models have been loaded, 0 … 1, told by /health. Any thread.
    void set_progress(float progress);

    /// From now on requests are answered by these. Any thread.
    void set_ready(std::vector<std::shared_ptr<tw::pipeline>> pipelines);

    /// An object whose keys join those of /v1/tightwad/status; called in run()'s thread. Any
    /// thread.
    void set_status_extra(std::function<nlohmann::json()> extra);

    /// Serves until stop() was called and the last connection is closed. Once.
    void run();

    /// Accepts nothing more, lets running answers finish for drain_timeout, then cancels them. Any
    /// thread, more than once, also before run(); takes a lock, so not from a signal handler.
    void stop();

  private:
    struct impl;
    explicit server(std::unique_ptr<impl> state);
    std::unique_ptr<impl> impl_;
};

} // namespace tw::front
