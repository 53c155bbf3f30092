// From a request's head to what is to be done, or to the refusal.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "front/api_request.hpp"
#include "front/http_types.hpp"
#include "front/question_request.hpp"

namespace tw::front {

class authorizer;

enum class action {
    greeting,
    health,
    models,
    model,
    status,
    metrics,
    swap,
    generate,
    count_tokens,
    inquire,
    pass,
    ollama_tags,
    ollama_ps,
    ollama_show,
    ollama_version,
    preflight,
};

struct route {
    action what = action::health;
    endpoint as = endpoint::chat; // of action::generate and count_tokens
    inquiry about = inquiry::embeddings; // of action::inquire
    std::string model{};   // of action::model, percent-decoded
    std::string path{};    // of action::pass
    std::string methods{}; // that the path knows, as Allow lists them
};

/// Decides before a body is read, so that a stranger without the token cannot make us read one.
[[nodiscard]] std::variant<route, reply> route_for(const request_head& head,
                                                   const authorizer& auth);

/// The value of `key` in the query, percent-decoded; empty when it is not there.
[[nodiscard]] std::string query_value(std::string_view target, std::string_view key);

} // namespace tw::front
