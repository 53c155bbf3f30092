// Reads an OpenAI-shaped stream of chat or completion chunks, as many servers and clouds send it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <tightwad/sdk/backend.hpp>
#include <tightwad/sdk/json.hpp>
#include <tightwad/sdk/json_writer.hpp>
#include <tightwad/sdk/lines.hpp>
#include <tightwad/sdk/server_errors.hpp>

namespace tw::sdk {

// A reader of server_backend. Text, tool calls, log probabilities, a reasoning model's thoughts, finish reason and usage
// with its details reach the answer. An error event ends the answer with its words.
class openai_stream {
  public:
    virtual ~openai_stream() = default;

    void feed(std::string_view bytes, answer& out) {
        events_.feed(bytes, [&](std::string_view data) {
            if (!done_) event(data, out);
        });
    }
    [[nodiscard]] bool finished() const { return done_; }
    void end(answer&) const {
        if (done_ || (reason_ && !events_.in_event())) return;
        if (!chosen_ || (!said_ && events_.in_event()))
            throw failure{TW_CORRUPT, "The server sent no answer: its stream ended before the first word was whole."};
        throw failure{TW_UNAVAILABLE, "The server broke off in the middle of its answer: the stream ended without [DONE]."};
    }
    // What the answer cost, where the server says so.
    [[nodiscard]] std::optional<double> cost() const { return cost_; }

  protected:
    // An event without "choices", for servers that have a form of their own: it says its text and, with the last one, that
    // the answer is whole.
    virtual void other(const json::value& event, answer& out) { static_cast<void>(event), static_cast<void>(out); }
    void say(const std::string& words, answer& out) {
        chosen_ = true;
        if (words.empty()) return;
        said_ = true;
        out.emit(words);
    }
    void finish() { done_ = true; }

  private:
    void event(std::string_view data, answer& out) {
        if (data == "[DONE]") {
            if (!chosen_) throw failure{TW_CORRUPT, "The server sent no answer: there was no choice before [DONE]."};
            done_ = true;
            return;
        }
        try {
            const auto chunk = json::value::parse(data);
            const auto error = chunk.find("error");
            if (error && (error->kind() == json::kind::object || error->kind() == json::kind::string)) {
                failed_.emplace(failure_of(*error, data));
                throw failure(*failed_);
            }
            if (const auto usage = chunk.find("usage", json::kind::object)) read_usage(*usage, out);
            const auto choices = chunk.find("choices", json::kind::array);
            if (!choices) return other(chunk, out);
            for (const auto& choice : choices->elements()) read_choice(choice, out);
            chosen_ = chosen_ || !choices->elements().empty();
        } catch (const failure& e) {
            if (failed_ || e.code() != TW_INVALID_ARGUMENT) throw;
            throw failure{TW_CORRUPT, "The server sent an event that makes no sense: " + std::string(data.substr(0, 100))};
        }
    }

    static std::int64_t count(const json::value& from, std::string_view key) {
        const auto found = from.find(key, json::kind::number);
        return found ? found->as_integer() : -1;
    }

    void pass_on(std::string_view key, const json::value& what, answer& out) {
        said_ = true;
        out.more(json::object_writer().raw(key, what.raw()).str());
    }

    static failure failure_of(const json::value& error, std::string_view data) {
        std::int64_t status = 500;
        if (error.kind() == json::kind::object)
            if (const auto code = error.find("code", json::kind::number)) status = code->as_integer();
        if (status < 400 || status > 599) status = 500;
        return refusal_of("The server, in the middle of its answer,", static_cast<int>(status), data);
    }
    void read_usage(const json::value& usage, answer& out) {
        out.usage(count(usage, "prompt_tokens"), count(usage, "completion_tokens"));
        json::object_writer details;
        for (const auto* key : {"prompt_tokens_details", "completion_tokens_details"})
            if (const auto found = usage.find(key, json::kind::object)) details.raw(key, found->raw());
        if (!details.empty()) out.more(json::object_writer().raw("usage", details.str()).str());
        if (const auto cost = usage.find("cost", json::kind::number)) cost_ = cost->as_number();
    }
    // By the names of llama-server and of clouds; some send both.
    void read_thoughts(const json::value& delta, answer& out) {
        for (const auto* key : {"reasoning_content", "reasoning"})
            if (const auto thoughts = delta.find(key, json::kind::string); thoughts && thoughts->raw().size() > 2)
                return pass_on("reasoning_content", *thoughts, out);
    }
    void read_choice(const json::value& choice, answer& out) {
        const auto delta = choice.find("delta", json::kind::object);
        if (delta) read_thoughts(*delta, out);
        if (const auto likely = choice.find("logprobs", json::kind::object)) pass_on("logprobs", *likely, out);
        const auto text = delta ? delta->find("content", json::kind::string)
                                : choice.find("text", json::kind::string);
        if (text)
            if (const auto words = text->as_string(); !words.empty()) {
                said_ = true;
                out.emit(words);
            }
        if (const auto calls = delta ? delta->find("tool_calls", json::kind::array) : std::nullopt)
            pass_on("tool_calls", *calls, out);
        const auto reason = choice.find("finish_reason", json::kind::string);
        if (!reason) return;
        reason_ = true;
        const auto word = reason->as_string();
        if (word == "length") out.reason(TW_FINISH_LENGTH);
        else if (word == "content_filter") out.reason(TW_FINISH_FILTER);
    }

    event_reader events_;
    std::optional<failure> failed_; // an error event
    std::optional<double> cost_;
    bool chosen_ = false, said_ = false, reason_ = false, done_ = false;
};

} // namespace tw::sdk
