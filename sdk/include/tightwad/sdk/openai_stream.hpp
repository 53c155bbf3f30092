// Reads an OpenAI-shaped stream of chat or completion chunks, as many servers and clouds send it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tightwad/sdk/backend.hpp>
#include <tightwad/sdk/json.hpp>
#include <tightwad/sdk/json_writer.hpp>
#include <tightwad/sdk/lines.hpp>
#include <tightwad/sdk/server_errors.hpp>

namespace tw::sdk {

// A reader of server_backend. Text, tool calls, log probabilities, a reasoning model's thoughts, finish reason, usage with its
// details and what else the server says ("extra" of tw_sink::more) reach the answer. An error event ends the answer with its words.
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
    // What a server says in one place of its chunks that only its own clients know. Told once as long as it stays the same;
    // a choice's lists are pieces, each of which is told.
    class aside {
      public:
        void note(std::string_view key, const json::value& said, bool piece) {
            const auto is = std::hash<std::string_view>{}(said.raw());
            const auto before = std::find_if(told_.begin(), told_.end(), [&](const auto& one) { return one.first == key; });
            if (before == told_.end()) {
                if (told_.size() == most_members) return;
                told_.emplace_back(key, is);
            } else if (before->second == is && !piece) {
                return;
            } else {
                before->second = is;
            }
            news_.raw(key, said.raw());
        }
        void tell(json::object_writer& to, std::string_view place) {
            if (!news_.empty()) to.raw(place, std::exchange(news_, {}).str());
        }

      private:
        static constexpr std::size_t most_members = 64;
        std::vector<std::pair<std::string, std::size_t>> told_; // by name, what it was
        json::object_writer news_;
    };

    void event(std::string_view data, answer& out) {
        if (data == "[DONE]") {
            if (!chosen_) throw failure{TW_CORRUPT, "The server sent no answer: there was no choice before [DONE]."};
            tell_asides(out);
            done_ = true;
            return;
        }
        try {
            const auto chunk = json::value::parse(data);
            const auto all = chunk.members();
            for (const auto kind : {json::kind::object, json::kind::string})
                if (const auto error = json::find(all, "error", kind)) {
                    failed_.emplace(failure_of(*error, data));
                    throw failure(*failed_);
                }
            if (const auto usage = json::find(all, "usage", json::kind::object)) read_usage(usage->members(), out);
            const auto choices = json::find(all, "choices", json::kind::array);
            if (!choices) {
                if (said_ || reason_) tell_asides(out);
                return other(chunk, out);
            }
            note(answer_, all, {"id", "object", "created", "model", "choices", "usage", "error", "obfuscation"});
            const auto list = choices->elements();
            for (const auto& choice : list) read_choice(choice.members(), out);
            chosen_ = chosen_ || !list.empty();
            if (said_ || reason_) tell_asides(out);
        } catch (const failure& e) {
            if (failed_ || e.code() != TW_INVALID_ARGUMENT) throw;
            throw failure{TW_CORRUPT, "The server sent an event that makes no sense: " + std::string(data.substr(0, 100))};
        }
    }

    static std::int64_t count(const json::member_list& from, std::string_view key) {
        const auto found = json::find(from, key, json::kind::number);
        return found ? found->as_integer() : -1;
    }
    // Calls each(key, value) for the members that are not read here and say something.
    template <class Each> static void others(const json::member_list& all, std::initializer_list<std::string_view> read, Each each) {
        for (const auto& [key, value] : all) {
            const auto raw = value.raw();
            const bool empty = value.kind() == json::kind::null || raw == R"("")" || raw == "[]" || raw == "{}";
            if (!empty && std::find(read.begin(), read.end(), key) == read.end()) each(key, value);
        }
    }
    void note(aside& place, const json::member_list& all, std::initializer_list<std::string_view> read) {
        others(all, read, [&](const std::string& key, const json::value& said) {
            place.note(key, said, &place == &choice_ && said.kind() == json::kind::array);
        });
    }

    // Before what is said, so that an answer has not begun before it has a word.
    void speak(answer& out) {
        said_ = true;
        tell_asides(out);
    }
    void tell_asides(answer& out) {
        json::object_writer usage, extra;
        usage_.tell(usage, "usage");
        answer_.tell(extra, "answer");
        choice_.tell(extra, "choice");
        if (!delta_.empty()) extra.raw("delta", std::exchange(delta_, {}).str());
        if (!usage.empty()) out.more(usage.str());
        if (!extra.empty()) out.more(json::object_writer().raw("extra", extra.str()).str());
    }
    void pass_on(std::string_view key, const json::value& what, answer& out) {
        speak(out);
        out.more(json::object_writer().raw(key, what.raw()).str());
    }

    static failure failure_of(const json::value& error, std::string_view data) {
        std::int64_t status = 500;
        if (error.kind() == json::kind::object)
            if (const auto code = error.find("code", json::kind::number)) status = code->as_integer();
        if (status < 400 || status > 599) status = 500;
        return refusal_of("The server, in the middle of its answer,", static_cast<int>(status), data);
    }
    void read_usage(const json::member_list& usage, answer& out) {
        out.usage(count(usage, "prompt_tokens"), count(usage, "completion_tokens"));
        note(usage_, usage, {"prompt_tokens", "completion_tokens", "total_tokens"});
        if (const auto cost = json::find(usage, "cost", json::kind::number)) cost_ = cost->as_number();
    }
    // By the names of llama-server and of clouds; some send both.
    void read_thoughts(const json::member_list& delta, answer& out) {
        for (const auto* key : {"reasoning_content", "reasoning"})
            if (const auto thoughts = json::find(delta, key, json::kind::string); thoughts && thoughts->raw().size() > 2)
                return pass_on("reasoning_content", *thoughts, out);
    }
    void read_delta(const json::member_list& delta, answer& out) {
        others(delta, {"role", "content", "tool_calls", "reasoning_content", "reasoning"},
               [&](const std::string& key, const json::value& piece) { delta_.raw(key, piece.raw()); });
        if (!delta_.empty()) speak(out);
        read_thoughts(delta, out);
    }
    void read_choice(const json::member_list& choice, answer& out) {
        note(choice_, choice, {"index", "delta", "text", "logprobs", "finish_reason"});
        const auto found = json::find(choice, "delta", json::kind::object);
        const auto delta = found ? found->members() : json::member_list();
        read_delta(delta, out);
        if (const auto likely = json::find(choice, "logprobs", json::kind::object)) pass_on("logprobs", *likely, out);
        const auto text = found ? json::find(delta, "content", json::kind::string) : json::find(choice, "text", json::kind::string);
        if (text)
            if (const auto words = text->as_string(); !words.empty()) {
                speak(out);
                out.emit(words);
            }
        if (const auto calls = json::find(delta, "tool_calls", json::kind::array)) pass_on("tool_calls", *calls, out);
        const auto reason = json::find(choice, "finish_reason", json::kind::string);
        if (!reason) return;
        reason_ = true;
        const auto word = reason->as_string();
        if (word == "length") out.reason(TW_FINISH_LENGTH);
        else if (word == "content_filter") out.reason(TW_FINISH_FILTER);
    }

    event_reader events_;
    std::optional<failure> failed_; // an error event
    std::optional<double> cost_;
    aside answer_, choice_, usage_;
    json::object_writer delta_; // of this chunk, to be told
    bool chosen_ = false, said_ = false, reason_ = false, done_ = false;
};

} // namespace tw::sdk
