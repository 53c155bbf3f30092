// Accepts; how it starts and stops.
#include "net/listener.hpp"

#include <set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "net/loop_thread.hpp"
#include "net/server_connection.hpp"
#include "net/tls.hpp"

namespace tw::net {

namespace asio = boost::asio;
using asio::ip::tcp;

struct listener::impl {
    explicit impl(listener_options options, listener_events events) {
        shared.options = std::move(options);
        shared.events = std::move(events);
        shared.worker = &worker;
    }

    result<void> bind();
    asio::awaitable<void> accept_all();
    void admit(tcp::socket socket);
    void stop();

    serving shared;
    loop_thread loop;
    asio::thread_pool worker{1};
    std::set<std::shared_ptr<server_connection>> connections; // on the loop's thread only
    tcp::acceptor acceptor{loop.executor()};
    asio::steady_timer pause{loop.executor()};
    std::uint16_t port = 0;
};

result<void> listener::impl::bind() {
    const auto& options = shared.options;
    const auto where = options.host + ':' + std::to_string(options.port);
    boost::system::error_code failed;
    const auto found = tcp::resolver(loop.executor()).resolve(options.host, std::to_string(options.port), failed);
    if (failed || found.empty())
        return fail(code::invalid_argument, "Cannot listen on " + where + ": there is no such address (" +
                                                failed.message() + "); 127.0.0.1 always exists.");
    const auto address = found.begin()->endpoint();
    if (!address.address().is_loopback() && !options.token)
        return fail(code::denied, "Listening on " + where + " would let other machines use this one without a "
                                  "token: set a token, or listen on 127.0.0.1.");
    acceptor.open(address.protocol(), failed);
    if (!failed) acceptor.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) acceptor.bind(address, failed);
    if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (failed)
        return fail(code::unavailable, "Cannot listen on " + where + ": " + failed.message() +
                                           "; stop the program that uses it, or choose another port.");
    port = acceptor.local_endpoint().port();
    return {};
}

result<std::unique_ptr<listener>> listener::open(listener_options options, listener_events events) {
    if (options.token && options.token->empty())
        return fail(code::invalid_argument, "The token is empty: set one, or leave it out and listen on 127.0.0.1.");
    auto state = std::make_unique<impl>(std::move(options), std::move(events));
    auto& shared = state->shared;
    if (shared.options.token) shared.token.emplace(*shared.options.token);
    if (shared.options.tls) {
        auto context = server_tls(*shared.options.tls);
        if (!context) return context.error();
        shared.tls.emplace(std::move(*context));
    }
    if (auto bound = state->bind(); !bound) return bound.error();
    asio::co_spawn(state->loop.executor(), state->accept_all(),
                   [](const std::exception_ptr& problem) { log_exception("accept", problem); });
    state->loop.start();
    return std::unique_ptr<listener>(new listener(std::move(state)));
}

listener::listener(std::unique_ptr<impl> state) : impl_(std::move(state)) {}

listener::~listener() {
    asio::post(impl_->loop.executor(), [state = impl_.get()] { state->stop(); });
    impl_->loop.join();
    impl_->worker.join();
}

std::uint16_t listener::port() const { return impl_->port; }
std::size_t listener::sessions() const { return impl_->shared.sessions; }
std::size_t listener::connections() const { return impl_->shared.connections; }

asio::awaitable<void> listener::impl::accept_all() {
    while (!shared.stopping) {
        auto [failed, socket] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
        if (shared.stopping) co_return;
        if (!failed) {
            admit(std::move(socket));
            continue;
        }
        spdlog::warn("accept failed reason=\"{}\"", failed.message()); // out of descriptors, most likely
        pause.expires_after(std::chrono::milliseconds{100});
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void listener::impl::admit(tcp::socket socket) {
    const auto most = shared.options.max_connections;
    if (connections.size() >= 2 * most) return;
    const auto made = std::make_shared<server_connection>(std::move(socket), shared, connections.size() >= most);
    connections.insert(made);
    shared.connections = connections.size();
    asio::co_spawn(loop.executor(), made->serve(made), [this, made](const std::exception_ptr& problem) {
        log_exception("session", problem);
        made->stop();
        connections.erase(made);
        shared.connections = connections.size();
    });
}

void listener::impl::stop() {
    shared.stopping = true;
    boost::system::error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    for (const auto& one : connections) one->stop();
}

} // namespace tw::net
