// A request's head and a reply in plain types, so that routing and errors need no HTTP library.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tw::front {

struct request_head {
    std::string method; // as sent: GET, POST, ...
    std::string target; // path and query, percent-encoded
    unsigned version = 11;
    bool keep_alive = true;
    bool expects_continue = false;
    std::string authorization, api_key, content_type, accept; // empty = not sent
    std::string origin, cors_request_method, cors_request_headers;
};

/// What went wrong, before the shape of an API is put around it.
struct problem {
    unsigned status = 500; // of HTTP
    std::string message, type, param, word;
};

struct reply {
    unsigned status = 200;
    std::string body{};
    std::vector<std::pair<std::string, std::string>> headers{};
    bool close = false; // the connection cannot be used again
    std::string content_type = "application/json; charset=utf-8";
    std::optional<problem> what_failed{}; // set in every reply that reports an error
};

} // namespace tw::front
