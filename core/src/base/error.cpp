// Errors across the contract's border and back.
#include "base/error.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "base/text.hpp"

namespace tw {

void fill(tw_error* out, tw::code code, std::string_view message,
          std::chrono::milliseconds retry_after) {
    if (out == nullptr) return;
    out->code = static_cast<tw_code>(code);
    out->retry_after_ms = retry_after.count();
    const auto text = cut_utf8(message, sizeof out->message - 1);
    std::memcpy(out->message, text.data(), text.size());
    out->message[text.size()] = '\0';
}

error from_abi(tw_code code, const tw_error& reported) {
    const bool known = code >= TW_INVALID_ARGUMENT && code <= TW_INTERNAL;
    const auto* end = std::find(std::begin(reported.message), std::end(reported.message), '\0');
    std::string message(std::begin(reported.message), end);
    if (message.empty()) message = "The plugin failed without a message (code " + std::to_string(code) + ").";
    return {.code = known ? static_cast<tw::code>(code) : tw::code::internal,
            .message = to_valid_utf8(message),
            .retry_after = std::chrono::milliseconds{std::max<std::int64_t>(0, reported.retry_after_ms)}};
}

tw_error empty_error() {
    tw_error out{};
    out.size = sizeof out;
    return out;
}

void throw_exception_from_error(const error& failure, const boost::source_location&) {
    throw std::runtime_error(failure.message);
}

} // namespace tw
