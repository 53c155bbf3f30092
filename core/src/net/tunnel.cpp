// Accepts on loopback; each connection gets a way of its own to the other machine.
#include "net/tunnel.hpp"

#include <atomic>
#include <set>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "net/attempt.hpp"
#include "net/byte_pipe.hpp"
#include "net/dialled.hpp"
#include "net/link_end.hpp"
#include "net/look_up.hpp"
#include "net/loop_thread.hpp"
#include "net/plain_end.hpp"
#include "net/tls.hpp"

namespace tw::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t most_connections = 64;

} // namespace

std::string tunnel_to(std::uint16_t port, const std::string& device) {
    return tunnel_path + std::to_string(port) + (device.empty() ? "" : "?device=" + device);
}

struct tunnel::impl {
    impl(tunnel_options given, tunnel_events handlers) : options(std::move(given)), events(std::move(handlers)) {}

    // One connection of this side: its way out while it is made, then the pipe.
    struct carried {
        std::shared_ptr<plain_end> near;
        std::shared_ptr<attempt> reaching;
        std::shared_ptr<boost::beast::tcp_stream> direct;
        std::shared_ptr<byte_pipe> pipe;
    };

    result<void> bind();
    asio::awaitable<void> accept_all();
    asio::awaitable<void> carry(std::shared_ptr<carried> one);
    asio::awaitable<std::optional<error>> reach(std::shared_ptr<carried> one, std::shared_ptr<pipe_end>* far);
    asio::awaitable<std::optional<error>> reach_directly(std::shared_ptr<carried> one, std::shared_ptr<pipe_end>* far);
    void tell(const error& why) const;
    void stop();

    const tunnel_options options;
    const tunnel_events events;
    asio::ssl::context tls = client_tls();
    loop_thread loop;
    tcp::acceptor acceptor{loop.context()};
    tcp::resolver resolver{loop.context()};
    asio::steady_timer pause{loop.context()};
    std::set<std::shared_ptr<carried>> open; // on the loop's thread only
    std::uint16_t port = 0;
    std::atomic<std::uint64_t> bytes = 0;
    bool stopping = false;
};

result<void> tunnel::impl::bind() {
    error_code failed;
    const tcp::endpoint where(asio::ip::address_v4::loopback(), 0);
    acceptor.open(where.protocol(), failed);
    if (!failed) acceptor.bind(where, failed);
    if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (failed)
        return fail(code::unavailable, options.name + " cannot be given a port here: " + failed.message() + ".");
    port = acceptor.local_endpoint().port();
    return {};
}

result<std::unique_ptr<tunnel>> tunnel::open(tunnel_options options, tunnel_events events) {
    if (options.peer)
        if (const auto sound = check_options(*options.peer); !sound) return sound.error();
    auto state = std::make_unique<impl>(std::move(options), std::move(events));
    if (const auto bound = state->bind(); !bound) return bound.error();
    asio::co_spawn(state->loop.context(), state->accept_all(),
                   [](const std::exception_ptr& problem) { log_exception("tunnel", problem); });
    state->loop.start();
    return std::unique_ptr<tunnel>(new tunnel(std::move(state)));
}

tunnel::tunnel(std::unique_ptr<impl> state) : impl_(std::move(state)) {}

tunnel::~tunnel() {
    asio::post(impl_->loop.context(), [state = impl_.get()] { state->stop(); });
    impl_->loop.join();
}

std::uint16_t tunnel::port() const { return impl_->port; }
std::uint64_t tunnel::bytes() const { return impl_->bytes; }

asio::awaitable<void> tunnel::impl::accept_all() {
    while (!stopping) {
        auto [failed, socket] = co_await acceptor.async_accept(token);
        if (stopping) co_return;
        if (failed) {
            pause.expires_after(std::chrono::milliseconds{100});
            co_await pause.async_wait(token);
            continue;
        }
        if (open.size() >= most_connections) continue;
        const auto one = std::make_shared<carried>();
        one->near = std::make_shared<plain_end>(std::move(socket), false);
        open.insert(one);
        asio::co_spawn(loop.context(), carry(one), [this, one](const std::exception_ptr& problem) {
            log_exception("tunnel", problem);
            one->near->close();
            open.erase(one);
        });
    }
}

asio::awaitable<void> tunnel::impl::carry(std::shared_ptr<carried> one) {
    std::shared_ptr<pipe_end> far;
    auto refused = co_await reach(one, &far);
    one->reaching.reset();
    if (refused || stopping) {
        if (refused) tell(*refused);
        if (far) far->close();
        co_return one->near->close();
    }
    one->pipe = std::make_shared<byte_pipe>(one->near, far, [this](const std::string& why) {
        tell(why.empty() ? fail(code::cancelled, options.name + " ended the connection.")
                         : fail(code::unavailable, options.name + " ended the connection: " + why));
    });
    const auto end = co_await one->pipe->run(one->pipe);
    bytes += end.bytes;
}

asio::awaitable<std::optional<error>> tunnel::impl::reach(std::shared_ptr<carried> one,
                                                          std::shared_ptr<pipe_end>* far) {
    if (!options.peer) co_return co_await reach_directly(one, far);
    const auto unused = std::make_shared<outbox>(options.peer->limits, options.name);
    const auto executor = loop.context().get_executor();
    one->reaching = std::make_shared<attempt>(executor, *options.peer, tls, unused, options.path);
    const auto way = one->reaching;
    auto refused = co_await way->connect();
    if (!refused) *far = std::make_shared<link_end>(way->stream(), way->made(), options.ping_interval);
    co_return refused;
}

asio::awaitable<std::optional<error>> tunnel::impl::reach_directly(std::shared_ptr<carried> one,
                                                                   std::shared_ptr<pipe_end>* far) {
    const auto where = options.direct_host + ':' + std::to_string(options.direct_port);
    const auto number = std::to_string(options.direct_port);
    std::vector<tcp::endpoint> found;
    std::string host = options.direct_host;
    const auto unnamed = co_await look_up(&resolver, std::move(host), options.direct_port, &found);
    if (unnamed)
        co_return fail(code::not_found, options.name + " is at " + where + ", and that name has no address (" +
                                            unnamed.message() + "); check it, or write the machine's IP address.");
    if (stopping) co_return fail(code::cancelled, "Stopped.");
    if (const auto not_one = leave_out_forbidden(found, options.public_only))
        co_return fail(code::unavailable, options.name + " is not dialled: its address " + not_one->address + " is " +
                                              std::string(not_one->why) + ".");
    one->direct = std::make_shared<boost::beast::tcp_stream>(loop.context().get_executor());
    const auto direct = one->direct;
    direct->expires_after(options.connect_timeout);
    auto [failed, reached] = co_await direct->async_connect(found, token);
    one->direct.reset();
    if (failed)
        co_return fail(code::unavailable, "No rpc-server answers at " + where + " (" + failed.message() +
                                              "): start it on that machine with `ggml-rpc-server --host … --port " +
                                              number + "`, or check the address.");
    const auto end = std::make_shared<plain_end>(direct->release_socket(), true);
    end->watch();
    *far = end;
    co_return std::nullopt;
}

void tunnel::impl::tell(const error& why) const {
    if (!stopping && events.lost) events.lost(why);
}

void tunnel::impl::stop() {
    stopping = true;
    error_code ignored;
    acceptor.close(ignored);
    resolver.cancel();
    pause.cancel();
    for (const auto& one : open) {
        if (one->reaching) one->reaching->cancel();
        if (one->direct) one->direct->cancel();
        if (one->pipe) one->pipe->close();
        else one->near->close();
    }
}

} // namespace tw::net
