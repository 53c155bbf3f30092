// What a server elsewhere says when it refuses, as a sentence and a code.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <tightwad/sdk/error.hpp>
#include <tightwad/sdk/json.hpp>

namespace tw::sdk {

// The words in an error body: {"error":{"message":…}}, {"error":"…"}, {"message":…} or plain text. One line, cut.
[[nodiscard]] inline std::string words_of(std::string_view body) {
    std::string words(body);
    try {
        auto from = json::value::parse(body);
        if (const auto inner = from.find("error")) from = *inner;
        if (from.kind() == json::kind::object)
            if (const auto message = from.find("message")) from = *message;
        if (from.kind() == json::kind::string) words = from.as_string();
    } catch (const failure&) { // not JSON: its text says what there is to say
    }
    std::replace_if(words.begin(), words.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    constexpr std::size_t longest = 300;
    if (words.size() > longest) {
        words.resize(cut_utf8(words, longest).size());
        words += "…";
    }
    return words;
}

// An answer of another status than 2xx. `who` begins the sentence: "The llama-server at http://den:8080".
[[nodiscard]] inline failure refusal_of(const std::string& who, int status, std::string_view body,
                                        std::chrono::milliseconds retry_after = {}) {
    const auto words = words_of(body);
    const auto said = " (HTTP status " + std::to_string(status) + (words.empty() ? "" : ": " + words) + ")";
    const bool too_long = body.find("exceed_context_size") != std::string_view::npos ||
                          body.find("context_length_exceeded") != std::string_view::npos;
    if (too_long)
        return {TW_CONTEXT_OVERFLOW, who + " has no room for this prompt and its answer" + said + "."};
    switch (status) {
    case 401:
    case 403:
        return {TW_DENIED, who + " refused this machine's key" + said + "; check api_key."};
    case 402:
        return {TW_DENIED, who + " wants to be paid first" + said + "; add credit to that account."};
    case 404:
        return {TW_NOT_FOUND, who + " does not know this model or path" + said + "; check model and url."};
    case 408:
    case 504:
    case 524:
        return {TW_TIMED_OUT, who + " took too long" + said + ".", retry_after};
    case 429:
        return {TW_BUSY, who + " has too much to do" + said + "; try again later.", retry_after};
    case 501:
        return {TW_UNSUPPORTED, who + " cannot do this" + said + "."};
    default:
        break;
    }
    if (status >= 500) return {TW_UNAVAILABLE, who + " failed" + said + ".", retry_after};
    return {TW_INVALID_ARGUMENT, who + " refused the request" + said + "."};
}

} // namespace tw::sdk
