// Connect, run, wait, again.
#include "net/connection.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/attempt.hpp"
#include "net/identity.hpp"
#include "net/loop_thread.hpp"
#include "net/refusals.hpp"
#include "net/tls.hpp"

namespace tw::net {

namespace asio = boost::asio;

struct connection::impl {
    impl(connection_options given, connection_events handlers)
        : options(std::move(given)), events(std::move(handlers)),
          out(std::make_shared<outbox>(options.limits, name_of(options.peer))) {}

    asio::awaitable<void> stay_connected();
    asio::awaitable<error> live_once();
    void stop();

    const connection_options options;
    const connection_events events;
    const std::shared_ptr<outbox> out;
    asio::ssl::context tls = client_tls();
    std::minstd_rand dice{std::random_device{}()};
    std::chrono::milliseconds retry = options.first_retry;
    std::unique_ptr<attempt> current; // the rest on the loop's thread only
    bool stopping = false;
    loop_thread loop;
    asio::steady_timer pause{loop.executor()};
};

namespace {

bool can_be_in_a_header(std::string_view token) {
    return token.size() <= 4096 && std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
}

} // namespace

result<void> check_options(const connection_options& options) {
    const auto url = options.peer.url();
    if (options.peer.tls && options.fingerprint.empty())
        return fail(code::invalid_argument, "The peer at " + url + " needs the fingerprint of its certificate; "
                                            "`tightwad peer invite` there shows it.");
    if (!options.peer.tls && !options.fingerprint.empty())
        return fail(code::invalid_argument, "The peer at " + url + " has a fingerprint but no TLS: write tws:// "
                                            "instead of tw://, or leave the fingerprint out.");
    if (options.peer.tls && !is_fingerprint(options.fingerprint))
        return fail(code::invalid_argument, "The fingerprint of the peer at " + url + " must be 64 hexadecimal "
                                            "digits in lower case, as `tightwad peer invite` shows it there.");
    if (!can_be_in_a_header(options.token))
        return fail(code::invalid_argument, "The token of the peer at " + url + " must be at most 4096 printable "
                                            "ASCII characters without blanks.");
    return {};
}

result<std::unique_ptr<connection>> connection::open(connection_options options, connection_events events) {
    if (const auto sound = check_options(options); !sound) return sound.error();
    auto state = std::make_unique<impl>(std::move(options), std::move(events));
    asio::co_spawn(state->loop.executor(), state->stay_connected(),
                   [](const std::exception_ptr& problem) { log_exception("connection", problem); });
    state->loop.start();
    return std::unique_ptr<connection>(new connection(std::move(state)));
}

connection::connection(std::unique_ptr<impl> state) : impl_(std::move(state)) {}

connection::~connection() {
    asio::post(impl_->loop.executor(), [state = impl_.get()] { state->stop(); });
    impl_->loop.join();
}

bool connection::send(std::string message) { return impl_->out->send(std::move(message)); }
void connection::drop(std::string why) { impl_->out->end(fail(code::cancelled, std::move(why))); }
bool connection::is_up() const { return impl_->out->is_open(); }

asio::awaitable<void> connection::impl::stay_connected() {
    while (!stopping) {
        const auto why = co_await live_once();
        current.reset();
        if (stopping) break;
        events.down(why);
        // A half to a whole of it, so that many machines do not come back in step.
        const auto wait = retry * std::uniform_int_distribution(500, 1000)(dice) / 1000;
        retry = std::min(retry * 2, options.longest_retry);
        pause.expires_after(wait);
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

asio::awaitable<error> connection::impl::live_once() {
    current = std::make_unique<attempt>(loop.executor(), options, tls, out);
    auto refused = co_await current->connect();
    if (refused) co_return *std::move(refused);
    const auto link = current->made();
    current.reset();
    if (stopping) co_return fail(code::cancelled, "Stopped.");
    const auto since = std::chrono::steady_clock::now();
    auto why = co_await link->run(events.up, events.message);
    if (std::chrono::steady_clock::now() - since > std::chrono::seconds{1}) retry = options.first_retry;
    co_return why;
}

void connection::impl::stop() {
    stopping = true;
    pause.cancel();
    if (current) current->cancel();
    out->end(fail(code::cancelled, "it stops"));
}

} // namespace tw::net
