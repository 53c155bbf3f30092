// A loop with a thread, and a tick that watches over what runs on it.
#include "net/http_client.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "net/http_exchange.hpp"
#include "net/loop_thread.hpp"

namespace tw::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds tick_time{50};

bool token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool value_character(char c) { return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) || c == '\t'; }

result<void> check_request(const web_request& request) {
    if (request.method != "GET" && request.method != "POST")
        return fail(code::invalid_argument, "The method of a request must be GET or POST.");
    for (const auto& [name, value] : request.headers) {
        if (name.empty() || !std::ranges::all_of(name, token_character))
            return fail(code::invalid_argument, "A header of the request has a name that no header can have.");
        if (!std::ranges::all_of(value, value_character)) // not the value itself: it may be a key
            return fail(code::invalid_argument, "The header " + name + " of the request holds a control character, such as a "
                                                "line break; look at where its value comes from.");
    }
    return {};
}

} // namespace

struct http_client::impl {
    loop_thread loop;
    http_shared shared{.loop = loop.context(), .trusted = {}, .pool = {}, .ended = {}};
    asio::steady_timer tick{loop.context()};
    asio::executor_work_guard<asio::io_context::executor_type> work{loop.context().get_executor()};
    std::unordered_map<http_exchange*, std::shared_ptr<http_exchange>> running; // on the loop
    bool ticking = false;                                                      // on the loop
    std::atomic<std::size_t> count{0};
    std::atomic<bool> stopping{false};
    std::once_flag started;

    impl() {
        shared.ended = [this](http_exchange& gone) {
            running.erase(&gone);
            --count;
        };
    }

    void begin(const std::shared_ptr<http_exchange>& one) {
        running.emplace(one.get(), one);
        asio::co_spawn(loop.context(), http_exchange::run(one),
                       [](const std::exception_ptr& problem) { log_exception("http", problem); });
        if (!ticking) next_tick();
    }

    void next_tick() {
        ticking = true;
        tick.expires_after(tick_time);
        tick.async_wait([this](error_code cancelled) {
            ticking = false;
            if (cancelled) return;
            for (const auto& one : all()) one->check(std::chrono::steady_clock::now());
            shared.pool.sweep();
            if (!running.empty() || shared.pool.size() > 0) next_tick();
        });
    }

    // A copy, for who ends them.
    [[nodiscard]] std::vector<std::shared_ptr<http_exchange>> all() const {
        std::vector<std::shared_ptr<http_exchange>> out;
        for (const auto& [key, one] : running) out.push_back(one);
        return out;
    }

    void finish() {
        for (const auto& one : all()) one->end(fail(code::cancelled, "The host is stopping."));
        shared.pool.clear();
        tick.cancel();
        work.reset();
    }
};

http_client::http_client() : impl_(std::make_unique<impl>()) {}

http_client::~http_client() {
    impl_->stopping = true;
    asio::post(impl_->loop.context(), [self = impl_.get()] { self->finish(); });
    std::call_once(impl_->started, [this] { impl_->loop.start(); });
    impl_->loop.join();
}

result<void> http_client::start(web_request request, web_events events) {
    auto url = parse_web_url(request.url);
    if (!url) return url.error();
    if (const auto sound = check_request(request); !sound) return sound.error();
    if (impl_->stopping) return fail(code::unavailable, "The host is stopping and sends no more requests.");
    if (++impl_->count > max_running) {
        --impl_->count;
        return error{.code = code::busy,
                     .message = std::to_string(max_running) + " requests to servers are running; try again in a second.",
                     .retry_after = std::chrono::seconds{1}};
    }
    auto one = std::make_shared<http_exchange>(impl_->shared, std::move(request), std::move(*url), std::move(events));
    std::call_once(impl_->started, [this] { impl_->loop.start(); });
    asio::post(impl_->loop.context(), [self = impl_.get(), one = std::move(one)] { self->begin(one); });
    return {};
}

std::size_t http_client::idle_connections() const { return impl_->shared.pool.size(); }

} // namespace tw::net
