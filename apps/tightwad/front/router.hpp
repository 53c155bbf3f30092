// From a request's head to what is to be done, or to the refusal.
#pragma once

#include <string>
#include <variant>

#include "front/api_request.hpp"
#include "front/http_types.hpp"

namespace tw::front {

class authorizer;

enum class action {
    greeting,
    health,
    models,
    model,
    status,
    swap,
    generate,
    count_tokens,
    ollama_tags,
    ollama_ps,
    ollama_show,
    ollama_version,
    preflight,
};

struct route {
    action what = action::health;
    endpoint as = endpoint::chat; // of action::generate and count_tokens
    std::string model{};   // of action::model, percent-decoded
    std::string methods{}; // that the path knows, as Allow lists them
};

/// Decides before a body is read, so that a stranger without the token cannot make us read one.
[[nodiscard]] std::variant<route, reply> route_for(const request_head& head,
                                                   const authorizer& auth);

} // namespace tw::front
