// Requests of one connection, with a limit on every size and every wait.
#include "net/server_connection.hpp"

#include <memory>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "net/byte_pipe.hpp"
#include "net/link_end.hpp"
#include "net/loop_thread.hpp"
#include "net/plain_end.hpp"
#include "net/session_path.hpp"

namespace tw::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
// For a refused client to read its answer.
constexpr std::chrono::seconds hang_up_time{1};

std::string remote_of(const asio::ip::tcp::socket& socket) {
    error_code gone;
    const auto end = socket.remote_endpoint(gone);
    if (gone) return "unknown";
    const auto address = end.address().to_string();
    return (end.address().is_v6() ? '[' + address + ']' : address) + ':' + std::to_string(end.port());
}

http_reply refusal(unsigned status, const std::string& sentence) {
    return {status, nlohmann::json{{"error", {{"message", sentence}}}}.dump()};
}

asio::awaitable<http_reply> call(serving& shared, http_request request) {
    try {
        co_return shared.events.http(request);
    } catch (const std::exception& e) {
        spdlog::error("net exception where=http what=\"{}\"", e.what());
        co_return refusal(500, "The request failed inside; the log says why.");
    }
}

asio::awaitable<tunnel_answer> ask_port(serving& shared, std::string target) {
    try {
        co_return shared.events.tunnel(target);
    } catch (const std::exception& e) {
        spdlog::error("net exception where=tunnel what=\"{}\"", e.what());
        co_return tunnel_answer{0, refusal(500, "The request failed inside; the log says why.")};
    }
}

// Ends a tunnel once what it leads to is at fault. `pause` is cancelled at the end of the tunnel.
asio::awaitable<void> end_at_fault(std::weak_ptr<byte_pipe> tunnel, std::shared_ptr<link_end> far,
                                   std::function<std::string()> fault, std::shared_ptr<asio::steady_timer> pause,
                                   std::chrono::milliseconds every) {
    for (;;) {
        pause->expires_after(every);
        auto [over] = co_await pause->async_wait(token);
        const auto pipe = tunnel.lock();
        if (over || !pipe) co_return;
        auto why = fault();
        if (why.empty()) continue;
        co_await far->end_because(std::move(why));
        co_return pipe->close();
    }
}

} // namespace

server_connection::server_connection(asio::ip::tcp::socket socket, serving& shared, bool surplus)
    : shared_(shared), stream_(std::make_shared<byte_stream>(std::move(socket))),
      remote_(remote_of(stream_->next_layer().socket())), surplus_(surplus),
      out_(std::make_shared<outbox>(shared.options.limits, "The machine at " + remote_)),
      buffer_(shared.options.max_header_bytes + shared.options.max_body_bytes) {}

// g++ 12 destroys a temporary argument of an awaited call twice: every argument here has a name.

asio::awaitable<void> server_connection::serve(std::shared_ptr<server_connection> /*self*/) {
    stream_->no_delay();
    if (shared_.tls) {
        stream_->next_layer().expires_after(shared_.options.request_timeout);
        const auto failed = co_await stream_->start_tls(*shared_.tls, boost::beast::role_type::server);
        if (failed) co_return stream_->close();
    }
    bool open = true;
    while (open && !shared_.stopping) open = co_await exchange();
    stream_->close();
}

/// The first byte of the next request, or none in time.
asio::awaitable<bool> server_connection::wait_for_request() {
    const auto& options = shared_.options;
    if (buffer_.size() > 0) co_return true;
    stream_->next_layer().expires_after(first_ ? options.request_timeout : options.idle_timeout);
    const auto space = buffer_.prepare(options.max_header_bytes);
    auto [failed, bytes] = co_await stream_->async_read_some(space, token);
    buffer_.commit(bytes);
    co_return !failed;
}

/// One request and its answer; false when the connection is to end.
asio::awaitable<bool> server_connection::exchange() {
    const bool begun = co_await wait_for_request();
    if (!begun) co_return false;
    stream_->next_layer().expires_after(shared_.options.request_timeout);
    parser incoming;
    incoming.header_limit(static_cast<std::uint32_t>(shared_.options.max_header_bytes));
    incoming.body_limit(shared_.options.max_body_bytes);
    auto [failed, bytes] = co_await http::async_read_header(*stream_, buffer_, incoming, token);
    first_ = false;
    if (!failed) co_return co_await handle(incoming);
    http_reply reply;
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
        reply = refusal(431, "The request's header is larger than " +
                                 std::to_string(shared_.options.max_header_bytes) + " bytes.");
    else if (failed == http::error::body_limit)
        reply = body_too_large();
    else if (failed == boost::beast::error::timeout)
        co_return false;
    else
        reply = refusal(400, "The request is not HTTP (" + failed.message() + ").");
    co_return co_await answer(std::move(reply), false);
}

http_reply server_connection::body_too_large() const {
    return refusal(413, "The request's body is larger than " + std::to_string(shared_.options.max_body_bytes) + " bytes.");
}

bool server_connection::allows(const parser& incoming) const {
    if (!shared_.token) return true;
    const auto given = incoming.get()[http::field::authorization];
    return shared_.token->matches(bearer_of({given.data(), given.size()}));
}

asio::awaitable<bool> server_connection::handle(parser& incoming) {
    const auto& head = incoming.get();
    const bool get = head.method() == http::verb::get;
    const bool keep = head.keep_alive() && incoming.is_done();
    http_reply reply;
    if (surplus_) {
        reply = refusal(503, "This machine already serves " + std::to_string(shared_.options.max_connections) +
                                 " connections, the most it takes; try again soon.");
        co_return co_await answer(std::move(reply), false);
    }
    if (get && head.target() == "/health") {
        reply = {200, R"({"status":"up"})"};
        co_return co_await answer(std::move(reply), keep);
    }
    if (!allows(incoming)) {
        reply = refusal(401, "The token is missing or wrong; `tightwad peer invite` on this machine shows it.");
        co_return co_await answer(std::move(reply), false);
    }
    if (head.target() == session_path) {
        if (boost::beast::websocket::is_upgrade(head) && buffer_.size() == 0) {
            co_await run_link(incoming);
            co_return false;
        }
        reply = refusal(426, "This path is for links between machines; it needs a WebSocket upgrade.");
    } else if (shared_.events.tunnel && head.target().starts_with(tunnel_path)) {
        if (boost::beast::websocket::is_upgrade(head) && buffer_.size() == 0) co_return co_await run_tunnel(incoming);
        reply = refusal(426, "This path is for tunnels to an rpc-server; it needs a WebSocket upgrade.");
    } else if (!shared_.events.http || (!get && head.method() != http::verb::post))
        reply = refusal(404, "There is nothing at this path.");
    else
        co_return co_await ask_handler(incoming);
    co_return co_await answer(std::move(reply), keep);
}

asio::awaitable<bool> server_connection::ask_handler(parser& incoming) {
    http_reply reply;
    auto [failed, bytes] = co_await http::async_read(*stream_, buffer_, incoming, token);
    if (failed) {
        reply = failed == http::error::body_limit ? body_too_large()
                                                  : refusal(400, "The request's body did not arrive (" + failed.message() + ").");
        co_return co_await answer(std::move(reply), false);
    }
    auto request = incoming.release();
    http_request plain{std::string(request.method_string()), std::string(request.target()), std::move(request.body())};
    stream_->next_layer().expires_never();
    reply = co_await asio::co_spawn(*shared_.worker, call(shared_, std::move(plain)), asio::use_awaitable);
    co_return co_await answer(std::move(reply), request.keep_alive());
}

asio::awaitable<bool> server_connection::answer(http_reply reply, bool keep) {
    keep = keep && !shared_.stopping;
    http::response<http::string_body> out(static_cast<http::status>(reply.status), 11, std::move(reply.body));
    out.set(http::field::content_type, "application/json");
    if (reply.status == 401) out.set(http::field::www_authenticate, "Bearer");
    out.keep_alive(keep);
    out.prepare_payload();
    stream_->next_layer().expires_after(shared_.options.request_timeout);
    auto [failed, bytes] = co_await http::async_write(*stream_, out, token);
    if (!failed && !keep) co_await hang_up();
    co_return !failed && keep;
}

/// What a refused client still sends is read for a moment: a reset would take the answer from it.
asio::awaitable<void> server_connection::hang_up() {
    stream_->finish_writing();
    stream_->next_layer().expires_after(hang_up_time);
    for (;;) {
        buffer_.clear();
        const auto space = buffer_.prepare(shared_.options.max_header_bytes);
        auto [failed, bytes] = co_await stream_->async_read_some(space, token);
        if (failed || shared_.stopping) co_return;
    }
}

asio::awaitable<void> server_connection::run_link(parser& incoming) {
    const auto link = std::make_shared<channel>(stream_, out_);
    auto [failed] = co_await link->socket().async_accept(incoming.get(), token);
    if (failed || shared_.stopping) co_return;
    stream_->next_layer().expires_never();
    const auto made = std::make_shared<session>(++shared_.last_session, remote_, out_);
    ++shared_.sessions;
    spdlog::info("link opened session={} remote={}", made->id(), remote_);
    const std::function<void()> opened = [this, &made] { shared_.events.opened(made); };
    const std::function<void(std::string_view)> message = [this, &made](std::string_view bytes) {
        shared_.events.message(*made, bytes);
    };
    const auto why = co_await link->run(opened, message);
    --shared_.sessions;
    spdlog::info("link closed session={} remote={} reason=\"{}\"", made->id(), remote_, why.message);
    shared_.events.closed(*made, why);
}

/// Until the tunnel has ended. An answer instead when it leads nowhere.
asio::awaitable<bool> server_connection::run_tunnel(parser& incoming) {
    const std::string target(incoming.get().target());
    stream_->next_layer().expires_never();
    auto answered = co_await asio::co_spawn(*shared_.worker, ask_port(shared_, target), asio::use_awaitable);
    asio::ip::tcp::socket plain(stream_->get_executor());
    if (answered.port != 0) {
        const asio::ip::tcp::endpoint where(asio::ip::address_v4::loopback(), answered.port);
        auto [refused] = co_await plain.async_connect(where, token);
        if (refused)
            answered.refusal = refusal(503, "Nothing listens on port " + std::to_string(answered.port) +
                                                " of this machine (" + refused.message() + ").");
    }
    if (answered.port == 0 || answered.refusal.status != 200)
        co_return co_await answer(std::move(answered.refusal), false);
    const auto link = std::make_shared<channel>(stream_, out_);
    auto [failed] = co_await link->socket().async_accept(incoming.get(), token);
    if (failed || shared_.stopping) co_return false;
    spdlog::info("tunnel opened remote={} port={}", remote_, answered.port);
    const auto near = std::make_shared<plain_end>(std::move(plain), false);
    const auto far = std::make_shared<link_end>(stream_, link, shared_.options.tunnel_ping);
    const auto pipe = std::make_shared<byte_pipe>(near, far);
    const auto pause = std::make_shared<asio::steady_timer>(stream_->get_executor());
    if (answered.fault)
        asio::co_spawn(stream_->get_executor(), end_at_fault(pipe, far, answered.fault, pause, shared_.options.tunnel_ping),
                       [](const std::exception_ptr& problem) { log_exception("tunnel", problem); });
    const auto end = co_await pipe->run(pipe);
    pause->cancel();
    spdlog::info("tunnel closed remote={} port={} bytes={} why=\"{}\"", remote_, answered.port, end.bytes, end.why);
    co_return false;
}

void server_connection::stop() {
    if (out_->is_open()) out_->end(fail(code::cancelled, "it stops"));
    else stream_->close();
}

} // namespace tw::net
