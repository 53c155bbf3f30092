// The error table.
#include "front/errors.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

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
    {tw::code::denied, 401, "authentication_error", "invalid_api_key"},
    {tw::code::corrupt, 500, "server_error", "corrupt"},
    {tw::code::internal, 500, "server_error", "internal_error"},
};

const row& row_of(tw::code code) {
    const auto* found = std::ranges::find(table, code, &row::code);
    return found != std::end(table) ? *found : *std::prev(std::end(table));
}

ordered_json object(std::string_view message, const char* type, std::string_view param,
                    std::string_view word) {
    ordered_json inner;
    inner["message"] = message;
    inner["type"] = type;
    inner["param"] = param.empty() ? ordered_json(nullptr) : ordered_json(param);
    inner["code"] = word;
    return {{"error", std::move(inner)}};
}

std::string text_of(const ordered_json& json) {
    return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

} // namespace

unsigned http_status(tw::code code) {
    return row_of(code).status;
}

ordered_json error_object(const tw::error& failure) {
    const auto& row = row_of(failure.code);
    return object(failure.message, row.type, failure.param, row.word);
}

reply error_reply(const tw::error& failure) {
    reply out{.status = http_status(failure.code), .body = text_of(error_object(failure))};
    if (out.status == 429 || out.status == 503) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(failure.retry_after).count();
        out.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds)));
    }
    if (out.status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
    return out;
}

reply http_error(unsigned status, std::string message, std::string code) {
    const char* type = status >= 500 ? "server_error" : "invalid_request_error";
    return {.status = status, .body = text_of(object(message, type, "", code))};
}

reply model_not_found(const std::string& model, const std::vector<std::string>& known) {
    std::string message = "There is no model '" + std::string(cut_utf8(model, 200)) + "'; ";
    const auto near = near_name(cut_utf8(model, 200), known);
    if (!near.empty())
        message += "did you mean '" + near + "'?";
    else
        message += "GET /v1/models lists the models that are served.";
    return {.status = 404,
            .body = text_of(object(message, "invalid_request_error", "model", "model_not_found"))};
}

} // namespace tw::front
