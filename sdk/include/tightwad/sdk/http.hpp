// The host's HTTP service under C++ names: asynchronous with a handler, or blocking for short answers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tightwad/abi/host/http.h>
#include <tightwad/sdk/host.hpp>

namespace tw::sdk {

struct http_request {
    std::string method = "GET"; // or "POST"
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    bool operators_url = true; // it stands in the configuration; false = it came from somewhere else
    bool repeatable = false;   // may be sent twice
    std::string ca_file{};     // PEM; empty = the system's authorities
    std::uint64_t max_body_bytes = 0;                 // 0 in these four = the host's limits
    std::chrono::milliseconds connect_timeout{0}, first_byte_timeout{0}, idle_timeout{0};
};

struct http_head {
    int status = 0;
    std::chrono::milliseconds retry_after{0};
    std::vector<std::pair<std::string, std::string>> headers{}; // names in lower case
};

// Takes one answer. On a host thread that must not block, never two calls at once. Nothing it throws crosses the
// border; an exception from head or chunk ends the request.
class http_handler {
  public:
    virtual ~http_handler() = default;
    virtual void head(const http_head&) {}
    virtual void chunk(std::string_view bytes) = 0;
    [[nodiscard]] virtual bool cancelled() { return false; } // asked several times a second
    [[nodiscard]] virtual bool full() { return false; }      // asked before more is read: true = not now
    // Once, last; destroyed right after. None = the answer came whole, whatever its status.
    virtual void done(std::optional<failure> problem) = 0;
};

// Cheap to copy; valid as long as the host handle.
class http {
  public:
    explicit http(host owner) : owner_(owner) {
        const auto* raw = owner.raw();
        if (raw != nullptr && raw->service != nullptr)
            service_ = static_cast<const tw_host_http*>(raw->service(raw, TW_HOST_HTTP_V1));
    }

    // Begins a request and returns at once. Throws when it is refused; the handler is destroyed then.
    void start(const http_request& request, std::unique_ptr<http_handler> handler) const {
        if (service_ == nullptr) throw failure{TW_UNSUPPORTED, "The host offers no HTTP."};
        std::vector<tw_http_header> headers;
        headers.reserve(request.headers.size());
        for (const auto& [name, value] : request.headers) headers.push_back({str(name), str(value)});
        tw_http_request asked{};
        asked.size = sizeof asked;
        asked.flags = (request.operators_url ? std::uint32_t{TW_HTTP_OPERATORS_URL} : 0U) |
                      (request.repeatable ? std::uint32_t{TW_HTTP_REPEATABLE} : 0U);
        asked.method = str(request.method);
        asked.url = str(request.url);
        asked.headers = headers.data();
        asked.n_headers = headers.size();
        asked.body = str(request.body);
        asked.connect_timeout_ms = request.connect_timeout.count();
        asked.first_byte_timeout_ms = request.first_byte_timeout.count();
        asked.idle_timeout_ms = request.idle_timeout.count();
        asked.max_body_bytes = request.max_body_bytes;
        asked.ca_file = str(request.ca_file);
        auto events = std::make_unique<exchange>(std::move(handler));
        tw_error problem{};
        problem.size = sizeof problem;
        const auto code = service_->start(owner_.raw(), &asked, &events->events, &problem);
        if (code != TW_OK)
            throw failure{code, problem.message, std::chrono::milliseconds{problem.retry_after_ms}};
        static_cast<void>(events.release()); // done() owns it now
    }

    struct answer {
        http_head head;
        std::string body;
    };
    // Waits for the whole answer, whatever its status. Only on a thread that may block. Throws when none came.
    [[nodiscard]] answer fetch(const http_request& request) const;

  private:
    // What the host calls, and the handler behind it.
    struct exchange {
        explicit exchange(std::unique_ptr<http_handler> to) : handler(std::move(to)) {
            events = {sizeof(tw_http_events), this, &on_head, &on_chunk, &on_cancelled, &on_done, &on_full};
        }
        static exchange& of(const tw_http_events* self) { return *static_cast<exchange*>(self->ctx); }

        template <class Body> void guard(Body&& body) noexcept {
            if (thrown) return;
            tw_error problem{};
            problem.size = sizeof problem;
            const auto code = detail::guarded(&problem, body);
            if (code == TW_OK) return;
            try {
                thrown.emplace(code, problem.message, std::chrono::milliseconds{problem.retry_after_ms});
            } catch (...) {
                thrown.emplace(code, std::string());
            }
        }
        static void on_head(const tw_http_events* self, const tw_http_head* head) noexcept {
            auto& one = of(self);
            one.guard([&] {
                http_head told{head->status, std::chrono::milliseconds{head->retry_after_ms}};
                for (std::size_t i = 0; i < head->n_headers; ++i)
                    told.headers.emplace_back(view(head->headers[i].name), view(head->headers[i].value));
                one.handler->head(told);
            });
        }
        static void on_chunk(const tw_http_events* self, tw_str bytes) noexcept {
            auto& one = of(self);
            one.guard([&] { one.handler->chunk(view(bytes)); });
        }
        static std::int32_t on_cancelled(const tw_http_events* self) noexcept {
            auto& one = of(self);
            bool over = true;
            one.guard([&] { over = one.handler->cancelled(); });
            return over || one.thrown ? 1 : 0;
        }
        static std::int32_t on_full(const tw_http_events* self) noexcept {
            auto& one = of(self);
            bool wait = false;
            one.guard([&] { wait = one.handler->full(); });
            return wait ? 1 : 0;
        }
        static void on_done(const tw_http_events* self, const tw_error* error) noexcept {
            const std::unique_ptr<exchange> one(&of(self));
            auto problem = std::move(one->thrown);
            one->thrown.reset();
            if (!problem && error != nullptr)
                problem.emplace(error->code, error->message, std::chrono::milliseconds{error->retry_after_ms});
            one->guard([&] { one->handler->done(std::move(problem)); });
        }

        std::unique_ptr<http_handler> handler;
        std::optional<failure> thrown;
        tw_http_events events{};
    };
    struct waiter {
        std::mutex lock;
        std::condition_variable ended;
        bool over = false;
        answer got;
        std::optional<failure> problem;
    };
    class collector final : public http_handler {
      public:
        explicit collector(std::shared_ptr<waiter> to) : to_(std::move(to)) {}
        void head(const http_head& head) override { to_->got.head = head; }
        void chunk(std::string_view bytes) override { to_->got.body.append(bytes); }
        void done(std::optional<failure> problem) override {
            const std::lock_guard guard(to_->lock);
            to_->problem = std::move(problem);
            to_->over = true;
            to_->ended.notify_all();
        }

      private:
        std::shared_ptr<waiter> to_;
    };

    host owner_;
    const tw_host_http* service_ = nullptr;
};

inline http::answer http::fetch(const http_request& request) const {
    const auto shared = std::make_shared<waiter>();
    start(request, std::make_unique<collector>(shared));
    std::unique_lock guard(shared->lock);
    shared->ended.wait(guard, [&] { return shared->over; });
    if (shared->problem) throw failure(*shared->problem);
    return std::move(shared->got);
}

} // namespace tw::sdk
