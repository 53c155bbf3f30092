// The steps of connecting; all but the name's look-up, which Asio cannot cut short, under one deadline.
#include "net/attempt.hpp"

#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>

#include "net/dialled.hpp"
#include "net/look_up.hpp"
#include "net/refusals.hpp"

namespace tw::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

namespace {
constexpr auto token = asio::as_tuple(asio::use_awaitable);
}

attempt::attempt(const asio::any_io_executor& loop, const connection_options& options, asio::ssl::context& tls,
                 std::shared_ptr<outbox> out, std::string path)
    : options_(options), tls_(tls), out_(std::move(out)), path_(std::move(path)), resolver_(loop),
      stream_(std::make_shared<byte_stream>(loop)) {}

asio::awaitable<std::optional<error>> attempt::connect() {
    auto refused = co_await reach();
    if (!refused) refused = co_await upgrade();
    stream_->next_layer().expires_never();
    co_return refused;
}

asio::awaitable<std::optional<error>> attempt::reach() {
    std::vector<tcp::endpoint> found;
    std::string host = options_.peer.host;
    const auto unnamed = co_await look_up(&resolver_, std::move(host), options_.peer.port, &found);
    if (unnamed) co_return refusals(options_).no_address(unnamed);
    if (cancelled_) co_return refusals(options_).broken(asio::error::operation_aborted);
    if (const auto not_one = leave_out_forbidden(found, options_.public_only))
        co_return refusals(options_).forbidden(not_one->address, not_one->why);
    auto& tcp = stream_->next_layer();
    tcp.expires_after(options_.connect_timeout);
    const auto [failed, reached] = co_await tcp.async_connect(found, token);
    if (failed) co_return refusals(options_).unreachable(failed);
    stream_->no_delay();
    if (!options_.peer.tls) co_return std::nullopt;
    auto refused = co_await secure();
    co_return refused;
}

/// The token goes to nobody but the machine whose certificate is pinned.
asio::awaitable<std::optional<error>> attempt::secure() {
    const auto failed = co_await stream_->start_tls(tls_, boost::beast::role_type::client);
    if (failed) co_return refusals(options_).no_tls(failed);
    const auto shown = stream_->peer_fingerprint();
    if (shown != options_.fingerprint) co_return refusals(options_).other_certificate(shown);
    co_return std::nullopt;
}

asio::awaitable<std::optional<error>> attempt::upgrade() {
    channel_ = std::make_shared<channel>(stream_, out_);
    channel_->socket().set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
        if (!options_.token.empty()) request.set(http::field::authorization, "Bearer " + options_.token);
    }));
    const auto url = options_.peer.url();
    const auto host = url.substr(url.find("//") + 2);
    websocket::response_type answer;
    auto [failed] = co_await channel_->socket().async_handshake(answer, host, path_, token);
    channel_->socket().set_option(websocket::stream_base::decorator([](websocket::request_type&) {}));
    if (!failed) co_return std::nullopt;
    if (failed == websocket::error::upgrade_declined)
        co_return refusals(options_).declined(answer.result_int(), path_ == session_path ? "" : answer.body());
    co_return refusals(options_).broken(failed);
}

void attempt::cancel() {
    cancelled_ = true;
    resolver_.cancel();
    stream_->close();
}

} // namespace tw::net
