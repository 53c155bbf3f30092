// The whole program with a scripted llama-server as its only target.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/free_port.hpp"
#include "support/raw_client.hpp"
#include "support/scripted_server.hpp"

namespace tw::test {

inline const std::string plugins = TW_BINARY_DIR "/lib/tightwad/plugins";
inline constexpr std::string_view question = R"({"model":"m","messages":[{"role":"user","content":"Hi"}],"temperature":0)";

// A llama-server that knows nothing of itself, unless told; each POST meets what was written down last.
class far_server {
  public:
    far_server() : server_({[this](scripted_server::line& to, const std::string& request) {
        scripted_server::act act;
        {
            const std::lock_guard guard(lock_);
            act = request.starts_with("POST") ? act_ : gets_;
        }
        act(to, request);
    }}) {}
    void set(scripted_server::act act) {
        const std::lock_guard guard(lock_);
        act_ = std::move(act);
    }
    void set_gets(scripted_server::act act) {
        const std::lock_guard guard(lock_);
        gets_ = std::move(act);
    }
    [[nodiscard]] std::string url() const { return server_.url(); }
    [[nodiscard]] std::vector<std::string> requests() const { return server_.requests(); }

  private:
    std::mutex lock_;
    scripted_server::act act_ = replies(500, ""), gets_ = replies(404, "{}");
    scripted_server server_;
};

// Tightwad with that server as its only target.
class endpoint {
  public:
    explicit endpoint(const std::string& url, const std::string& more = "")
        : port_(free_port()),
          file_(folder_.write("c.toml", "schema = 1\n[server]\nlisten = \"127.0.0.1:" + std::to_string(port_) +
                                            "\"\n[backend.far]\nplugin = \"llamacpp\"\nurl = \"" + url + "\"\n" + more +
                                            "[pipeline.p]\nserves = [\"m\"]\ntarget = \"far\"\n")),
          program_({"serve", "--plugins-dir", plugins, "-c", file_}, {{"TIGHTWAD_STATE", folder_.path().string()}}),
          said_(program_.wait_for("serves")) {}

    [[nodiscard]] http_answer ask(const std::string& rest, const std::string& path = "/v1/chat/completions") const {
        raw_client client(port_);
        client.send(post(path, std::string(question) + rest + "}"));
        return client.read();
    }
    [[nodiscard]] nlohmann::json status() const {
        raw_client client(port_);
        client.send(get("/v1/tightwad/status"));
        return nlohmann::json::parse(client.read().body);
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] const std::string& said() const { return said_; }

  private:
    scratch_folder folder_;
    std::uint16_t port_;
    std::string file_;
    running_tightwad program_;
    std::string said_;
};

inline std::string event(const std::string& delta, const std::string& reason = "null") {
    return R"(data: {"choices":[{"index":0,"delta":)" + delta + R"(,"finish_reason":)" + reason + "}]}\n\n";
}

inline std::string words(const std::string& text) { return event(R"({"content":")" + text + "\"}"); }

inline const std::string usage = R"(data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}})" "\n\n";

inline std::string message_of(const http_answer& answer) {
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    return body.is_object() && body.contains("error") ? body["error"]["message"].get<std::string>() : answer.body;
}

} // namespace tw::test
