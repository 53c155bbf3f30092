// What is sent to a cloud, and what it tells of its models.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tightwad/sdk/backend.hpp>

namespace openrouter::wire {

// Without a slash at the end; the version stays, for each cloud has its own.
[[nodiscard]] std::string root_of(std::string url);

// OpenRouter's routing between providers; empty = its own choice.
struct routing {
    std::string order;           // names, separated by commas
    std::string sort;            // price, throughput or latency
    std::string data_collection; // allow or deny
    bool fallbacks = true;       // others, when the first fails
    bool extras = false;         // the cloud knows OpenRouter's fields
    bool newest = false;         // it is OpenAI's own, whose newer models know no max_tokens
};
// Throws TW_INVALID_ARGUMENT for a word that means nothing.
void check(const routing& how);

[[nodiscard]] std::string path_of(const tw::sdk::chat_request& request);
// Throws TW_UNSUPPORTED for prompts in token ids.
[[nodiscard]] std::string body_of(const tw::sdk::chat_request& request, const std::string& model, const routing& how);

// Likewise of a question (abi/ext/question.h); throws TW_UNSUPPORTED for those that clouds have no path for, and for
// inputs in token ids.
[[nodiscard]] std::string path_of(std::string_view what);
[[nodiscard]] std::string question_body_of(std::string_view what, const tw::sdk::json::value& asked, const std::string& model);

// What a million tokens cost in dollars, as GET /models tells; none when the list lacks the model or its prices.
struct price {
    double prompt = 0, completion = 0;
};
struct listing {
    bool found = false;
    std::optional<price> cost;
    std::int64_t context = 0; // 0 = not said
};
[[nodiscard]] listing find_model(std::string_view body, const std::string& model);
// The same for the status.
[[nodiscard]] std::string facts_of(const listing& found);

} // namespace openrouter::wire
