// Base class of a text backend, blocking flavour: each request runs on a thread of the host's pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tightwad/abi/ext/backend.h>
#include <tightwad/sdk/config.hpp>
#include <tightwad/sdk/host.hpp>
#include <tightwad/sdk/plugin.hpp>

namespace tw::sdk {

// An OpenAI body, kept as it came. Which fields a backend honours is its own business.
class chat_request {
  public:
    // Throws TW_INVALID_ARGUMENT when the text is not JSON.
    explicit chat_request(std::string_view body) : body_(body) {
        static_cast<void>(json::value::parse(body_).members());
    }

    [[nodiscard]] const std::string& body() const { return body_; }
    [[nodiscard]] json::value root() const { return json::value::parse(body_); }

    // The text of the last message, or the prompt of a completion; empty when there is neither.
    [[nodiscard]] std::string last_text() const {
        const auto all = root();
        if (const auto list = all.find("messages")) {
            const auto items = list->elements();
            const auto content = items.empty() ? std::nullopt : items.back().find("content");
            return content ? content->as_string() : std::string();
        }
        const auto prompt = all.find("prompt");
        return prompt ? prompt->as_string() : std::string();
    }

  private:
    std::string body_;
};

// Where the answer to one request goes. Belongs to the request's thread.
class answer {
  public:
    explicit answer(const tw_sink* sink) : sink_(sink) {}
    answer(const answer&) = delete;
    answer& operator=(const answer&) = delete;

    // One piece, whole code points. Throws TW_CANCELLED when nobody is waiting any more, which ends
    // the request cleanly unless the author catches it.
    void emit(std::string_view text, std::uint32_t choice = 0) {
        if (cancelled()) throw failure{TW_CANCELLED, "The request was cancelled."};
        begun_ = true;
        const tw_delta delta{sizeof(tw_delta), choice, str(text)};
        sink_->emit(sink_, &delta);
    }
    // What an answer has beside its text, as tw_sink::more takes it; a host before 1.2 does not ask for it.
    void more(std::string_view json, std::uint32_t choice = 0) {
        begun_ = true;
        if (sink_->size >= sizeof(tw_sink) && sink_->more != nullptr) sink_->more(sink_, choice, str(json));
    }
    [[nodiscard]] bool cancelled() const {
        return sink_->cancelled != nullptr && sink_->cancelled(sink_) != 0;
    }
    void usage(std::int64_t prompt_tokens, std::int64_t completion_tokens) {
        finish_.prompt_tokens = prompt_tokens;
        finish_.completion_tokens = completion_tokens;
    }
    void reason(tw_finish_reason reason) { finish_.reason = reason; }

  private:
    friend class backend;
    friend class server_backend;

    const tw_sink* sink_;
    bool begun_ = false; // something was said
    tw_finish finish_{sizeof(tw_finish), TW_FINISH_STOP, -1, -1, nullptr};
};

// A backend is a class with
//   static constexpr std::array options{…};        optional
//   Backend(host, const config&);
//   void chat(const chat_request&, answer&);       pool threads, several at once; may block
// The answer ends when chat returns, and fails when it throws.
class backend {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        return interface_id == TW_BACKEND_V1 ? &interface_table<Self> : nullptr;
    }

  private:
    template <class Self> struct instance {
        instance(host services, const config& table) : pool(services), self(services, table) {}
        host pool;
        Self self;
    };

    template <class Self>
    static tw_code create_fn(const tw_host* raw, tw_str json, tw_backend** out,
                             tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            *out = reinterpret_cast<tw_backend*>(
                std::make_unique<instance<Self>>(host{raw}, config{view(json)}).release());
        });
    }
    template <class Self> static void destroy_fn(tw_backend* raw) noexcept {
        delete reinterpret_cast<instance<Self>*>(raw);
    }
    template <class Self>
    static tw_code start_fn(tw_backend* raw, tw_str json, const tw_sink* sink,
                            tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            auto* owner = reinterpret_cast<instance<Self>*>(raw);
            auto request = std::make_shared<const chat_request>(view(json));
            owner->pool.post([owner, sink, request] { run(owner->self, *request, sink); });
        });
    }
    template <class Self>
    static void run(Self& self, const chat_request& request, const tw_sink* sink) noexcept {
        answer out(sink);
        tw_error problem{};
        problem.size = sizeof problem;
        if (detail::guarded(&problem, [&] { self.chat(request, out); }) != TW_OK)
            out.finish_.error = &problem;
        sink->done(sink, &out.finish_);
    }

    template <class Self>
    static constexpr tw_backend_v1 interface_table{.size = sizeof(tw_backend_v1),
                                                   .options = detail::options_of<Self>(),
                                                   .create = &create_fn<Self>,
                                                   .destroy = &destroy_fn<Self>,
                                                   .start = &start_fn<Self>};
};

} // namespace tw::sdk
