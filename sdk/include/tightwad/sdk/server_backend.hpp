// Base class of a backend that is a server elsewhere: asynchronous, no thread waits for an answer.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tightwad/sdk/backend.hpp>
#include <tightwad/sdk/http.hpp>

namespace tw::sdk {

// Such a backend is a class with
//   static constexpr std::array options{…};                 optional
//   Self(host, const config&);                              [pool], may block; keep no thread
//   http_request ask(const chat_request&) const;            what to send; throws to refuse
//   class reader {                                          one for each answer, default-constructed
//       void feed(std::string_view bytes, answer&);         a piece of a 2xx body
//       bool finished() const;                              the answer is whole, whatever still comes
//       void end(answer&);                                  the body has ended; throws when it ended too early
//   };
//   failure refusal(const http_head&, const std::string& body) const;   what another status means
//   void ended(const reader&) const;                        optional: a whole answer, before it is reported
// All but the constructor run on threads that must not block, several requests at once.
class server_backend {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        return interface_id == TW_BACKEND_V1 ? &interface_table<Self> : nullptr;
    }

  private:
    static constexpr std::size_t longest_refusal = 64U << 10U;
    // A server that goes on after the answer's end is left, because the connection is not worth a wait.
    static constexpr std::chrono::milliseconds lingering{500};

    template <class Self> struct instance {
        instance(host services, const config& table) : web(services), self(services, table) {}
        http web;
        Self self;
    };

    template <class Self> class exchange final : public http_handler {
      public:
        exchange(const Self& self, const tw_sink* sink) : self_(self), sink_(sink), out_(sink) {}

        void head(const http_head& head) override { head_ = head; }
        void chunk(std::string_view bytes) override {
            if (finished_) return;
            if (!good()) {
                refusal_.append(bytes.substr(0, longest_refusal - refusal_.size()));
                return;
            }
            reader_.feed(bytes, out_);
            if (reader_.finished()) finished_ = std::chrono::steady_clock::now();
        }
        [[nodiscard]] bool cancelled() override {
            if (finished_) return std::chrono::steady_clock::now() - *finished_ > lingering;
            return out_.cancelled();
        }
        void done(std::optional<failure> problem) override {
            tw_error told{};
            told.size = sizeof told;
            const auto code = detail::guarded(&told, [&] {
                if (!finished_) {
                    if (problem) throw failure(*problem);
                    if (!good()) throw self_.refusal(head_, refusal_);
                    reader_.end(out_);
                }
                if constexpr (requires { self_.ended(reader_); }) self_.ended(reader_);
            });
            if (code != TW_OK) out_.finish_.error = &told;
            // The instance may be gone when this returns.
            sink_->done(sink_, &out_.finish_);
        }

      private:
        [[nodiscard]] bool good() const { return head_.status >= 200 && head_.status < 300; }

        const Self& self_;
        const tw_sink* sink_;
        answer out_;
        http_head head_;
        typename Self::reader reader_;
        std::string refusal_;
        std::optional<std::chrono::steady_clock::time_point> finished_;
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
            const auto asked = owner.self.ask(chat_request(view(json)));
            owner.web.start(asked, std::make_unique<exchange<Self>>(owner.self, sink));
        });
    }

    template <class Self>
    static constexpr tw_backend_v1 interface_table{.size = sizeof(tw_backend_v1),
                                                   .options = detail::options_of<Self>(),
                                                   .create = &create_fn<Self>,
                                                   .destroy = &destroy_fn<Self>,
                                                   .start = &start_fn<Self>};
};

} // namespace tw::sdk
