// A server elsewhere: its address, and what every request of a plugin to it carries.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <tightwad/sdk/config.hpp>
#include <tightwad/sdk/http.hpp>
#include <tightwad/sdk/pass.hpp>
#include <tightwad/sdk/server_errors.hpp>

namespace tw::sdk {

struct server_traits {
    std::string who;         // begins its sentences: "The llama-server"
    bool needs_key = false;  // else api_key is sent when the configuration has it
    bool repeatable = false; // a request may be sent twice: it costs nobody anything
    std::int32_t first_token_s = 600; // of the option first_token_timeout
    // What glance() and look_at() wait for and read.
    std::chrono::seconds look_connect{3}, look_first_byte{5};
    std::uint64_t look_bytes = std::uint64_t{4} << 20U;
};

// Reads the options ca_file and first_token_timeout and the secret api_key. Const functions from any thread.
class server_site {
  public:
    // `root` is the address without a path of the API at its end, and without a slash.
    server_site(host owner, std::string root, const config& options, server_traits traits)
        : host_(owner), root_(std::move(root)), traits_(std::move(traits)), ca_file_(options.text("ca_file", "")),
          first_token_(options.integer("first_token_timeout", traits_.first_token_s, 1, 86400)),
          keyed_(traits_.needs_key) {
        if (keyed_) return;
        try {
            keyed_ = !host_.secret("api_key").empty();
        } catch (const failure& e) {
            if (e.code() != TW_NOT_FOUND) throw;
            host_.debug(std::string("event=no_key why=\"") + e.what() + '"');
        }
    }

    [[nodiscard]] const std::string& root() const { return root_; }

    // Throws where the key cannot be read.
    [[nodiscard]] http_request request(const char* method, const std::string& path) const {
        http_request out{.method = method, .url = root_ + path};
        out.ca_file = ca_file_;
        out.first_byte_timeout = first_token_;
        out.repeatable = traits_.repeatable;
        if (keyed_) out.headers.emplace_back("Authorization", "Bearer " + host_.secret("api_key"));
        return out;
    }

    // A POST of JSON.
    [[nodiscard]] http_request post(const std::string& path, std::string body) const {
        auto out = request("POST", path);
        out.headers.emplace_back("Content-Type", "application/json");
        out.body = std::move(body);
        return out;
    }

    // A request that goes on as it came, with the model called `name` (pass_request::body_naming).
    [[nodiscard]] http_request pass(const pass_request& asked, const std::string& path, const std::string& name) const {
        auto out = request("POST", path);
        if (!asked.content_type.empty()) out.headers.emplace_back("Content-Type", asked.content_type);
        if (!asked.accept.empty()) out.headers.emplace_back("Accept", asked.accept);
        out.body = asked.body_naming(name);
        return out;
    }

    // What is answered soon or not at all.
    [[nodiscard]] http_request quick(http_request out) const {
        out.connect_timeout = traits_.look_connect;
        out.first_byte_timeout = out.idle_timeout = traits_.look_first_byte;
        out.max_body_bytes = traits_.look_bytes;
        return out;
    }
    [[nodiscard]] http_request glance(const std::string& path) const { return quick(request("GET", path)); }

    // The body at `path`. Throws what refusal() says of another status than 200, and where no answer came. Only on a
    // thread that may block.
    [[nodiscard]] std::string look_at(const std::string& path) const {
        auto answer = http(host_).fetch(glance(path));
        if (answer.head.status != 200) throw refusal(answer.head, answer.body);
        return std::move(answer.body);
    }

    // A line in the log: the server may come later.
    void not_ready(const failure& why) const {
        host_.warn("event=server_not_ready url=" + root_ + " why=\"" + why.what() + '"');
    }

    [[nodiscard]] failure refusal(const http_head& head, const std::string& body) const {
        return refusal_of(traits_.who + " at " + root_, head.status, body, head.retry_after);
    }

  private:
    host host_;
    std::string root_;
    server_traits traits_;
    std::string ca_file_;
    std::chrono::seconds first_token_;
    bool keyed_;
};

} // namespace tw::sdk
