// The server: its socket, its loop, how it starts and stops.
#include "front/server.hpp"

#include <set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "front/connection.hpp"

namespace tw::front {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Connections over the limit that are told so; the next ones are closed without a word.
constexpr std::size_t surplus_connections = 64;
/// After the answers were cancelled: for the clients to hear of it.
constexpr std::chrono::seconds abort_time{2};

void log_exception(const char* where, const std::exception_ptr& problem) {
    try {
        if (problem) std::rethrow_exception(problem);
    } catch (const std::exception& e) {
        spdlog::error("exception where={} what=\"{}\"", where, e.what());
    }
}

} // namespace

struct server::impl {
    explicit impl(server_options options)
        : shared{.options = options,
                 .auth = authorizer(options.token),
                 .models = catalogue(options.model_ids)} {}

    asio::awaitable<void> accept_all();
    asio::awaitable<void> stop_in_steps();
    void admit(tcp::socket socket);
    void begin_stop();

    serving shared; // before the loop: what the loop destroys may refer to it
    std::set<std::shared_ptr<connection>> connections;
    asio::io_context loop{1};
    tcp::acceptor acceptor{loop};
    asio::steady_timer pause{loop}, drain{loop};
};

server::server(std::unique_ptr<impl> state) : impl_(std::move(state)) {}
server::~server() {
    impl_->connections.clear();
}

tw::result<std::unique_ptr<server>> server::listen(server_options options) {
    const auto where = options.host + ':' + std::to_string(options.port);
    if (options.token && options.token->empty())
        return fail(code::invalid_argument,
                    "The server's token is empty: set [server] token, or leave it out "
                    "and listen on 127.0.0.1.");
    auto state = std::make_unique<impl>(options);
    boost::system::error_code ec;
    const auto found =
        tcp::resolver(state->loop).resolve(options.host, std::to_string(options.port), ec);
    if (ec || found.empty())
        return fail(code::invalid_argument, "Cannot listen on " + where +
                                                ": there is no such address (" + ec.message() +
                                                "); 127.0.0.1 always exists.");
    const auto address = found.begin()->endpoint();
    if (!address.address().is_loopback() && !options.token)
        return fail(code::denied, "Listening on " + where +
                                      " would let other machines use the models without a "
                                      "token: set [server] token, or listen on 127.0.0.1.");
    auto& acceptor = state->acceptor;
    if (!ec) acceptor.open(address.protocol(), ec);
    if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor.bind(address, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec)
        return fail(code::unavailable,
                    "Cannot listen on " + where + ": " + ec.message() +
                        "; stop the program that uses it or set another [server] listen.");
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    state->shared.counts.started = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    return std::unique_ptr<server>(new server(std::move(state)));
}

std::uint16_t server::port() const {
    return impl_->acceptor.local_endpoint().port();
}
void server::set_progress(float progress) {
    impl_->shared.models.set_progress(progress);
}
void server::set_ready(std::vector<std::shared_ptr<tw::pipeline>> pipelines) {
    impl_->shared.models.set_ready(std::move(pipelines));
}
void server::set_status_extra(std::function<nlohmann::json()> extra) {
    impl_->shared.models.set_extra(std::move(extra));
}

void server::run() {
    asio::co_spawn(impl_->loop, impl_->accept_all(),
                   [](const std::exception_ptr& problem) { log_exception("accept", problem); });
    while (true) {
        try {
            impl_->loop.run();
            return;
        } catch (...) {
            log_exception("loop", std::current_exception());
        }
    }
}

void server::stop() {
    asio::post(impl_->loop, [state = impl_.get()] { state->begin_stop(); });
}

asio::awaitable<void> server::impl::accept_all() {
    while (!shared.stopping) {
        auto [ec, socket] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
        if (shared.stopping) co_return;
        if (!ec) {
            admit(std::move(socket));
            continue;
        }
        spdlog::warn("accept failed reason=\"{}\"",
                     ec.message()); // out of descriptors, most likely
        pause.expires_after(std::chrono::milliseconds{100});
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void server::impl::admit(tcp::socket socket) {
    const auto most = shared.options.max_connections;
    if (connections.size() >= most + surplus_connections) return;
    const auto client =
        std::make_shared<connection>(std::move(socket), shared, connections.size() >= most);
    connections.insert(client);
    shared.counts.connections = connections.size();
    asio::co_spawn(loop, client->serve(client), [this, client](const std::exception_ptr& problem) {
        log_exception("connection", problem);
        client->close();
        connections.erase(client);
        shared.counts.connections = connections.size();
        if (shared.stopping && connections.empty()) drain.cancel();
    });
}

void server::impl::begin_stop() {
    if (std::exchange(shared.stopping, true)) return;
    boost::system::error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    spdlog::info("stopping connections={} running_answers={}", connections.size(),
                 shared.counts.running_answers);
    for (const auto& client : connections)
        client->drain();
    asio::co_spawn(loop, stop_in_steps(),
                   [](const std::exception_ptr& problem) { log_exception("stop", problem); });
}

/// Wait, then cancel and wait a little, then close what is left. The wait ends with the last
/// connection.
asio::awaitable<void> server::impl::stop_in_steps() {
    const auto token = asio::as_tuple(asio::use_awaitable);
    if (connections.empty()) co_return;
    drain.expires_after(shared.options.drain_timeout);
    co_await drain.async_wait(token);
    for (const auto& client : connections)
        client->abort();
    if (connections.empty()) co_return;
    drain.expires_after(abort_time);
    co_await drain.async_wait(token);
    for (const auto& client : connections)
        client->close();
}

} // namespace tw::front
