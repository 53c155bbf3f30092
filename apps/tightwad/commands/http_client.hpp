// One HTTP/1.1 request to the endpoint, blocking, with time-outs; the body may arrive in pieces.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace tw::cli {

struct http_request {
    std::string method = "GET";
    std::string path;
    std::string body;  // JSON; empty = none
    std::string token; // bearer; empty = none
    // The longest silence before the header and between two pieces of the body.
    std::chrono::milliseconds patience = std::chrono::seconds{10};
};

struct http_answer {
    int status = 0;
    std::string body; // what was not handed to the caller's `piece`
};

// Looks at the flag that Ctrl-C sets; a request in progress then ends with `cancelled`.
using interrupted = std::function<bool()>;

// `piece` receives the body of a 200 answer as it comes; null = it is collected in the answer. When
// nothing listens at the address the error says how to start an endpoint.
[[nodiscard]] result<http_answer> fetch(const server_config& server, const http_request& request,
                                        const std::function<void(std::string_view)>& piece = nullptr,
                                        const interrupted& stop = nullptr);

// The sentence of an answer that is not 200: the error object's message if it has one.
[[nodiscard]] std::string refusal_sentence(const http_answer& answer);

} // namespace tw::cli
