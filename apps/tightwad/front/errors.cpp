// The error table.
#include "front/errors.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "front/json_text.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

struct row {
    tw::code code;
    unsigned status;
    const char* type;
    const char* word;
};

constexpr row table[] = {
    {tw::code::invalid_argument, 400, "invalid_request_error", "invalid_value"},
    {tw::code::not_found, 404, "invalid_request_error", "not_found"},
    {tw::code::unsupported, 400, "invalid_request_error", "unsupported_parameter"},
    {tw::code::context_overflow, 400, "invalid_request_error", "context_length_exceeded"},
    {tw::code::busy, 429, "rate_limit_error", "rate_limit_exceeded"},
    {tw::code::unavailable, 503, "unavailable_error", "unavailable"},
    {tw::code::timed_out, 504, "timeout_error", "timed_out"},
    {tw::code::cancelled, 503, "unavailable_error", "cancelled"},
    {tw::code::denied, 403, "permission_error", "denied"}, // this machine, by one behind it: the client's token is right
    {tw::code::corrupt, 500, "server_error", "corrupt"},
    {tw::code::internal, 500, "server_error", "internal_error"},
};

const row& row_of(tw::code code) {
    const auto* found = std::ranges::find(table, code, &row::code);
    return found != std::end(table) ? *found : *std::prev(std::end(table));
}

ordered_json openai_object(const problem& what) {
    ordered_json inner;
    inner["message"] = what.message;
    inner["type"] = what.type;
    inner["param"] = what.param.empty() ? ordered_json(nullptr) : ordered_json(what.param);
    inner["code"] = what.word;
    return {{"error", std::move(inner)}};
}

const char* anthropic_type(unsigned status) {
    switch (status) {
    case 401:
        return "authentication_error";
    case 403:
        return "permission_error";
    case 404:
        return "not_found_error";
    case 413:
        return "request_too_large";
    case 429:
        return "rate_limit_error";
    case 503:
        return "overloaded_error";
    case 504:
        return "timeout_error";
    default:
        return status < 500 ? "invalid_request_error" : "api_error";
    }
}

reply reply_to(problem what) {
    reply out{.status = what.status, .body = error_body(dialect::openai, what)};
    out.what_failed = std::move(what);
    return out;
}

} // namespace

unsigned http_status(tw::code code) {
    return row_of(code).status;
}

problem problem_of(const tw::error& failure) {
    if (failure.code == tw::code::corrupt && failure.of_server)
        return {502, failure.message, "server_error", failure.param, "bad_gateway"};
    const auto& row = row_of(failure.code);
    return {row.status, failure.message, row.type, failure.param, row.word};
}

dialect dialect_of(std::string_view target) {
    const auto path = target.substr(0, target.find_first_of("?#"));
    if (path.starts_with("/api/")) return dialect::ollama;
    return path == "/v1/messages" || path.starts_with("/v1/messages/") ? dialect::anthropic
                                                                      : dialect::openai;
}

std::string error_body(dialect as, const problem& what) {
    if (as == dialect::openai) return text_of(openai_object(what));
    ordered_json out;
    if (as == dialect::anthropic) {
        out["type"] = "error";
        out["error"]["type"] = anthropic_type(what.status);
        out["error"]["message"] = what.message;
    } else {
        out["error"] = what.message;
    }
    return text_of(out);
}

reply error_reply(const tw::error& failure) {
    auto out = reply_to(problem_of(failure));
    if (out.status == 429 || out.status == 503) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(failure.retry_after).count();
        out.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds)));
    }
    return out;
}

reply unauthorized(std::string message) {
    auto out = reply_to({401, std::move(message), "authentication_error", "", "invalid_api_key"});
    out.headers.emplace_back("WWW-Authenticate", "Bearer");
    return out;
}

reply http_error(unsigned status, std::string message, std::string code) {
    const char* type = status >= 500 ? "server_error" : "invalid_request_error";
    return reply_to({status, std::move(message), type, "", std::move(code)});
}

reply model_not_found(const std::string& model, const std::vector<std::string>& known) {
    std::string message = "There is no model '" + std::string(cut_utf8(model, 200)) + "'; ";
    const auto near = near_name(cut_utf8(model, 200), known);
    if (!near.empty())
        message += "did you mean '" + near + "'?";
    else
        message += "GET /v1/models lists the models that are served.";
    return reply_to({404, std::move(message), "invalid_request_error", "model", "model_not_found"});
}

} // namespace tw::front
