// Base class of a backend that is a server elsewhere: asynchronous, no thread waits for an answer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tightwad/abi/ext/question.h>
#include <tightwad/sdk/answer_watch.hpp>
#include <tightwad/sdk/backend.hpp>
#include <tightwad/sdk/continuation.hpp>
#include <tightwad/sdk/http.hpp>
#include <tightwad/sdk/pass.hpp>

namespace tw::sdk {

// Such a backend is a class with
//   static constexpr std::array options{…};                 optional
//   Self(host, const config&);                              [pool], may block; keep no thread
//   http_request ask(const chat_request&) const;            what to send; throws to refuse. Until the answer's first word
//                                                           the server may be silent for first_byte_timeout, even when
//                                                           its head came at once, and then for idle_timeout
//   class reader {                                          one for each answer, default-constructed
//       void feed(std::string_view bytes, answer&);         a piece of a 2xx body
//       bool finished() const;                              the answer is whole, whatever still comes
//       void end(answer&);                                  the body has ended; throws when it ended too early
//   };
//   failure refusal(const http_head&, const std::string& body) const;   what another status means
//   void ended(const reader&) const;                        optional: a whole answer, before it is reported
// and, where the server can be asked more than answers (abi/ext/question.h),
//   http_request question(std::string_view what, const json::value& asked) const;    throws to refuse
//   std::string reply(std::string_view what, std::string body) const;   of a 2xx, in the contract's form
//   std::optional<http_request> further(std::string_view what, std::size_t step, std::string_view body) const;
//                                                           optional: what to send next when request `step` (from 0) of a
//                                                           question got this 2xx; none = it is the reply
// and, where it takes requests that the host does not know (abi/ext/pass.h),
//   http_request pass(const pass_request&) const;           throws to refuse
// and, where the server goes on from tokens (abi/draft/continuation.h),
//   token_request<token_reader> go_on(std::span<const std::int32_t> prompt, std::uint32_t most) const;
//                                                           or std::optional of it: none = it proposes nothing here
//   class token_reader {
//       void feed(std::string_view bytes, const token_answer&);
//       bool finished() const;                              the answer is whole, whatever still comes
//       bool cut() const;                                   what still comes is of no use: the server is left at once
//       void end() const;                                   the body has ended; throws when it ended too early
//   };
// All but the constructor run on threads that must not block, several requests at once.
class server_backend {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        if constexpr (requires { &Self::question; })
            if (interface_id == TW_QUESTION_V1) return &question_table<Self>;
        if constexpr (requires { &Self::pass; })
            if (interface_id == TW_PASS_V1) return &pass_table<Self>;
        if constexpr (requires { &Self::go_on; })
            if (interface_id == TW_CONTINUATION_V1) return &continuation_table<Self>;
        return interface_id == TW_BACKEND_V1 ? &interface_table<Self> : nullptr;
    }

  private:
    using steady = std::chrono::steady_clock;
    using milliseconds = std::chrono::milliseconds;

    // Where the request says nothing, as abi/host/http.h has them.
    static constexpr milliseconds usual_first_byte{600'000}, usual_idle{120'000};

    static milliseconds idle_of(const http_request& asked) {
        return asked.idle_timeout.count() > 0 ? asked.idle_timeout : usual_idle;
    }

    // A server that sends its head at once may need as long for what follows as another one for its head.
    static void be_patient(http_request& asked) {
        const auto first = asked.first_byte_timeout.count() > 0 ? asked.first_byte_timeout : usual_first_byte;
        asked.idle_timeout = std::max(idle_of(asked), first);
    }

    template <class Self> struct instance {
        instance(host services, const config& table) : web(services), self(services, table) {}
        http web;
        Self self;
    };

    template <class Self> class exchange final : public http_handler {
      public:
        exchange(const Self& self, const tw_sink* sink, milliseconds idle)
            : self_(self), sink_(sink), out_(sink), idle_(idle) {}

        void head(const http_head& head) override { server_.begin(head); }
        void chunk(std::string_view bytes) override {
            if (server_.finished()) return;
            if (!server_.good()) return server_.refuse(bytes);
            reader_.feed(bytes, out_);
            heard_ = steady::now();
            if (reader_.finished()) server_.finish();
        }
        [[nodiscard]] bool cancelled() override {
            if (server_.finished()) return server_.lingers();
            silent_ = silent_ || (out_.begun_ && steady::now() - heard_ > idle_);
            return silent_ || out_.cancelled();
        }
        void done(std::optional<failure> problem) override {
            tw_error told{};
            told.size = sizeof told;
            const auto code = detail::guarded(&told, [&] {
                if (!server_.finished()) {
                    if (silent_)
                        throw failure{TW_TIMED_OUT, "The server sent no more of its answer within " +
                                                        std::to_string(idle_.count()) + " ms."};
                    if (problem) throw failure(*problem);
                    if (!server_.good()) throw server_.refusal(self_);
                    reader_.end(out_);
                }
                if constexpr (requires { self_.ended(reader_); }) self_.ended(reader_);
            });
            if (code != TW_OK) out_.finish_.error = &told;
            // The instance may be gone when this returns.
            sink_->done(sink_, &out_.finish_);
        }

      private:
        const Self& self_;
        const tw_sink* sink_;
        answer out_;
        answer_watch server_;
        typename Self::reader reader_;
        const milliseconds idle_; // once the answer has begun
        steady::time_point heard_{};
        bool silent_ = false;
    };

    // One question and its reply, which is read when it is whole.
    template <class Self> class inquiry final : public http_handler {
      public:
        inquiry(const Self& self, http web, std::string what, const tw_reply* reply, std::size_t step = 0)
            : self_(self), web_(web), what_(std::move(what)), reply_(reply), step_(step) {}

        void head(const http_head& head) override { server_.begin(head); }
        void chunk(std::string_view bytes) override {
            if (!server_.good()) return server_.refuse(bytes);
            body_.append(bytes);
        }
        [[nodiscard]] bool cancelled() override { return reply_->cancelled(reply_) != 0; }
        void done(std::optional<failure> problem) override {
            tw_error told{};
            told.size = sizeof told;
            std::string json;
            bool goes_on = false;
            const auto code = detail::guarded(&told, [&] {
                if (problem) throw failure(*problem);
                if (!server_.good()) throw server_.refusal(self_);
                goes_on = ask_further();
                if (!goes_on) json = sensible([&] { return self_.reply(what_, std::move(body_)); });
            });
            if (goes_on) return;
            // The instance may be gone when this returns.
            reply_->done(reply_, code == TW_OK ? str(json) : tw_str{}, code == TW_OK ? nullptr : &told);
        }

      private:
        [[nodiscard]] bool ask_further() {
            if constexpr (requires { &Self::further; }) {
                auto next = sensible([&] { return self_.further(what_, step_, body_); });
                if (!next) return false;
                be_patient(*next);
                web_.start(*next, std::make_unique<inquiry>(self_, web_, what_, reply_, step_ + 1));
                return true;
            }
            return false;
        }
        template <class Read> static auto sensible(Read read) {
            try {
                return read();
            } catch (const failure& e) {
                if (e.code() != TW_INVALID_ARGUMENT) throw;
                throw failure{TW_CORRUPT, std::string("The server's reply makes no sense: ") + e.what()};
            }
        }

        const Self& self_;
        http web_;
        std::string what_;
        const tw_reply* reply_;
        std::size_t step_;
        answer_watch server_;
        std::string body_;
    };

    // An answer that nobody reads on its way.
    class passage final : public http_handler {
      public:
        explicit passage(const tw_pass_sink* sink) : sink_(sink) {}

        void head(const http_head& head) override {
            std::vector<tw_http_header> headers;
            for (const auto& [name, value] : head.headers) headers.push_back({str(name), str(value)});
            const tw_http_head told{sizeof(tw_http_head), head.status, headers.data(), headers.size(), head.retry_after.count()};
            sink_->head(sink_, &told);
        }
        void chunk(std::string_view bytes) override { sink_->bytes(sink_, str(bytes)); }
        [[nodiscard]] bool cancelled() override { return sink_->cancelled(sink_) != 0; }
        [[nodiscard]] bool full() override { return sink_->full(sink_) != 0; }
        void done(std::optional<failure> problem) override {
            tw_error told{};
            told.size = sizeof told;
            if (problem) detail::report(&told, problem->code(), problem->what(), problem->retry_after().count());
            // The instance may be gone when this returns.
            sink_->done(sink_, problem ? &told : nullptr);
        }

      private:
        const tw_pass_sink* sink_;
    };

    template <class Self>
    static tw_code create_fn(const tw_host* raw, tw_str json, tw_backend** out, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            *out = reinterpret_cast<tw_backend*>(
                std::make_unique<instance<Self>>(host{raw}, config{view(json)}).release());
        });
    }
    template <class Self> static void destroy_fn(tw_backend* raw) noexcept {
        delete reinterpret_cast<instance<Self>*>(raw);
    }
    template <class Self>
    static tw_code start_fn(tw_backend* raw, tw_str json, const tw_sink* sink, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const auto& owner = *reinterpret_cast<const instance<Self>*>(raw);
            auto asked = owner.self.ask(chat_request(view(json)));
            const auto idle = idle_of(asked);
            be_patient(asked);
            owner.web.start(asked, std::make_unique<exchange<Self>>(owner.self, sink, idle));
        });
    }

    template <class Self>
    static tw_code question_fn(tw_backend* raw, tw_str what, tw_str json, const tw_reply* reply,
                               tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const auto& owner = *reinterpret_cast<const instance<Self>*>(raw);
            auto asked = owner.self.question(view(what), json::value::parse(view(json)));
            be_patient(asked);
            owner.web.start(asked, std::make_unique<inquiry<Self>>(owner.self, owner.web, std::string(view(what)), reply));
        });
    }

    template <class Self>
    static tw_code pass_fn(tw_backend* raw, const tw_pass_request* request, const tw_pass_sink* sink, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const auto& owner = *reinterpret_cast<const instance<Self>*>(raw);
            auto asked = owner.self.pass(pass_request(*request));
            be_patient(asked);
            owner.web.start(asked, std::make_unique<passage>(sink));
        });
    }

    template <class Self>
    static tw_code go_on_fn(tw_backend* raw, const tw_continuation* asked, const tw_token_sink* sink,
                            tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const auto& owner = *reinterpret_cast<const instance<Self>*>(raw);
            std::optional begun = owner.self.go_on(std::span(asked->prompt, asked->n_prompt), asked->most);
            if (!begun) return sink->done(sink, nullptr);
            be_patient(begun->request);
            using handler = token_exchange<Self, decltype(begun->reader)>;
            owner.web.start(begun->request, std::make_unique<handler>(owner.self, sink, std::move(begun->reader)));
        });
    }

    template <class Self>
    static constexpr tw_pass_v1 pass_table{.size = sizeof(tw_pass_v1), .start = &pass_fn<Self>};

    template <class Self>
    static constexpr tw_continuation_v1 continuation_table{.size = sizeof(tw_continuation_v1), .start = &go_on_fn<Self>};

    template <class Self>
    static constexpr tw_question_v1 question_table{.size = sizeof(tw_question_v1), .start = &question_fn<Self>};

    template <class Self>
    static constexpr tw_backend_v1 interface_table{.size = sizeof(tw_backend_v1),
                                                   .options = detail::options_of<Self>(),
                                                   .create = &create_fn<Self>,
                                                   .destroy = &destroy_fn<Self>,
                                                   .start = &start_fn<Self>};
};

} // namespace tw::sdk
