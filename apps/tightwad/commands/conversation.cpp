// The OpenAI chat stream, read.
#include "commands/conversation.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/sse_reader.hpp"

namespace tw::cli {
namespace {

using nlohmann::json;

template <class T> void take(const json& object, const char* key, T& out) {
    if (object.contains(key) && object[key].is_number()) out = object[key].get<T>();
}

// What one event of the stream tells.
class stream_state {
  public:
    explicit stream_state(const std::function<void(std::string_view)>& piece) : piece_(piece) {}

    void event(const std::string& data) {
        if (data == "[DONE]") {
            ended = true;
            return;
        }
        const auto chunk = json::parse(data, nullptr, false);
        if (!chunk.is_object()) return;
        if (chunk.contains("error"))
            failure = refusal_sentence({.status = 200, .body = data});
        if (chunk.contains("usage") && chunk["usage"].is_object())
            take(chunk["usage"], "completion_tokens", figures.tokens);
        if (chunk.contains("tightwad") && chunk["tightwad"].is_object()) {
            const auto& ours = chunk["tightwad"];
            take(ours, "tok_s", figures.tok_s);
            take(ours, "acceptance", figures.acceptance);
            take(ours, "drafted", figures.drafted);
            take(ours, "accepted", figures.accepted);
        }
        if (!chunk.contains("choices") || !chunk["choices"].is_array() || chunk["choices"].empty()) return;
        const auto& choice = chunk["choices"][0];
        if (!choice.is_object()) return;
        if (choice.contains("finish_reason") && choice["finish_reason"].is_string())
            figures.finish_reason = choice["finish_reason"].get<std::string>();
        if (!choice.contains("delta") || !choice["delta"].is_object()) return;
        const auto& delta = choice["delta"];
        if (!delta.contains("content") || !delta["content"].is_string()) return;
        const auto& text = delta["content"].get_ref<const std::string&>();
        if (text.empty()) return;
        answer += text;
        piece_(text);
    }

    answer_statistics figures;
    std::string answer, failure;
    bool ended = false;

  private:
    const std::function<void(std::string_view)>& piece_;
};

} // namespace

conversation::conversation(const configuration& config, chat_options options, std::string token)
    : server_(config.server), options_(std::move(options)), token_(std::move(token)) {
    if (options_.model.empty()) options_.model = config.pipelines.front().serves.front();
}

std::string conversation::body() const {
    json messages = json::array();
    for (const auto& [role, content] : history_) messages.push_back({{"role", role}, {"content", content}});
    json out{{"model", options_.model},
             {"messages", std::move(messages)},
             {"stream", true},
             {"stream_options", {{"include_usage", true}}},
             {"temperature", options_.temperature},
             {"max_tokens", options_.max_tokens}};
    if (options_.direct) out["tightwad"] = {{"speculation", false}};
    return out.dump();
}

result<answer_statistics> conversation::ask(const std::string& question,
                                            const std::function<void(std::string_view)>& piece,
                                            const interrupted& stop) {
    history_.push_back({"user", to_valid_utf8(question)});
    stream_state stream(piece);
    sse_reader events;
    const http_request request{.method = "POST",
                               .path = "/v1/chat/completions",
                               .body = body(),
                               .token = token_,
                               .patience = std::chrono::seconds{60}};
    const auto answer = fetch(
        server_, request,
        [&](std::string_view bytes) {
            for (const auto& event : events.feed(bytes)) stream.event(event);
        },
        stop);
    const bool cut = answer.has_error() && answer.error().code == code::cancelled;
    const bool whole = answer && answer->status == 200 && stream.failure.empty() && stream.ended;
    if (whole || (cut && !stream.answer.empty())) history_.push_back({"assistant", stream.answer});
    else history_.pop_back();
    if (!answer) return answer.error();
    if (answer->status != 200) return fail(code::unavailable, refusal_sentence(*answer));
    if (!stream.failure.empty()) return fail(code::unavailable, stream.failure);
    if (!stream.ended)
        return fail(code::unavailable, "The endpoint at " + server_.url() + " broke the answer off.");
    return stream.figures;
}

} // namespace tw::cli
