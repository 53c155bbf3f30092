// Reading requests with time limits, writing, watching for the peer's end.
#include "front/http_stream.hpp"

#include <limits>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include "front/errors.hpp"

namespace tw::front {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t header_limit = 16U << 10U;
constexpr std::size_t buffer_limit = 256U << 10U;
constexpr std::size_t read_ahead_limit = 16U << 10U, read_ahead = 512; // little: a thousand streams wait like this
constexpr std::size_t linger_bytes = 16U << 20U;
constexpr std::chrono::seconds linger_time{1};
constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

std::string field(const auto& message, auto name) {
    const auto value = message[name];
    return {value.data(), value.size()};
}

} // namespace

http_stream::http_stream(asio::ip::tcp::socket socket, const server_options& options)
    : options_(options), stream_(std::move(socket)), buffer_(buffer_limit),
      limit_(stream_.get_executor()), watch_over_(stream_.get_executor()) {
    beast::error_code ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

void http_stream::arm(std::chrono::milliseconds limit) {
    expired_ = false;
    limit_.expires_after(limit);
    // disarm() cannot call back a handler that is queued already: it sees `ec` unset, but an expiry
    // that has moved on, or no stream any more.
    limit_.async_wait(
        [this, alive = std::weak_ptr(alive_), due = limit_.expiry()](beast::error_code ec) {
            if (ec || alive.expired() || limit_.expiry() != due) return;
            expired_ = true;
            stream_.cancel();
        });
}

bool http_stream::disarm() {
    limit_.expires_at(asio::steady_timer::time_point::max());
    return std::exchange(expired_, false);
}

request_head http_stream::describe() const {
    const auto& message = parser_->get();
    return {.method = std::string(message.method_string()),
            .target = std::string(message.target()),
            .version = message.version(),
            .keep_alive = message.keep_alive(),
            .expects_continue = beast::iequals(message[http::field::expect], "100-continue"),
            .authorization = field(message, http::field::authorization),
            .api_key = field(message, "x-api-key"),
            .content_type = field(message, http::field::content_type),
            .accept = field(message, http::field::accept),
            .origin = field(message, http::field::origin),
            .cors_request_method = field(message, http::field::access_control_request_method),
            .cors_request_headers = field(message, http::field::access_control_request_headers)};
}

reply http_stream::refusal(beast::error_code ec, bool expired) const {
    if (expired) return http_error(408, "The request did not arrive in time.", "request_timeout");
    if (ec == http::error::body_limit)
        return http_error(413,
                          "The request body is larger than " +
                              std::to_string(options_.max_body_bytes) +
                              " bytes, the most this server takes.",
                          "request_too_large");
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow)
        return http_error(431, "The request's header is larger than 16384 bytes.",
                          "header_too_large");
    return http_error(400, "This is not a valid HTTP/1.1 request: " + ec.message() + ".",
                      "bad_http");
}

asio::awaitable<std::variant<peer_closed, request_head, reply>> http_stream::read_head() {
    if (buffer_.size() == 0) {
        idle_ = true;
        arm(options_.idle_timeout);
        auto [ec, size] = co_await stream_.async_read_some(buffer_.prepare(4096), tuple);
        disarm();
        idle_ = false;
        if (ec) co_return peer_closed{};
        buffer_.commit(size);
    }
    parser_.emplace();
    parser_->header_limit(header_limit);
    parser_->body_limit(options_.max_body_bytes);
    arm(options_.header_timeout);
    auto [ec, size] = co_await http::async_read_header(stream_, buffer_, *parser_, tuple);
    const bool expired = disarm();
    if (!ec && parser_->get().has_content_length() == false && !parser_->chunked() &&
        parser_->get().find(http::field::transfer_encoding) != parser_->get().end())
        co_return http_error(501, "The only Transfer-Encoding this server knows is chunked.",
                             "bad_http");
    if (!ec) co_return describe();
    const bool is_http = ec.category() == beast::error_code(http::error::bad_method).category();
    const bool cut_off = ec == http::error::partial_message || ec == http::error::end_of_stream;
    if (expired || (is_http && !cut_off)) co_return refusal(ec, expired);
    co_return peer_closed{};
}

asio::awaitable<std::variant<peer_closed, std::string, reply>> http_stream::read_body() {
    arm(options_.body_timeout);
    auto [ec, size] = co_await http::async_read(stream_, buffer_, *parser_, tuple);
    const bool expired = disarm();
    if (!ec) co_return std::move(parser_->get().body());
    const bool is_http = ec.category() == beast::error_code(http::error::bad_method).category();
    if (expired || (is_http && ec != http::error::partial_message)) co_return refusal(ec, expired);
    co_return peer_closed{};
}

asio::awaitable<bool> http_stream::write(std::string bytes) {
    stream_.expires_after(options_.write_timeout);
    auto [ec, size] = co_await asio::async_write(stream_, asio::buffer(bytes), tuple);
    stream_.expires_never();
    if (ec) close();
    co_return !ec;
}

void http_stream::watch(std::shared_ptr<void> owner, std::function<void()> gone) {
    watching_ = true;
    if (buffer_.size() == 0) buffer_.shrink_to_fit();
    auto on_read = [this, owner, gone](beast::error_code ec, std::size_t size) {
        watching_ = false;
        buffer_.commit(size);
        if (stop_watching_)
            watch_over_.cancel();
        else if (ec)
            gone();
        else if (buffer_.size() < read_ahead_limit)
            watch(owner, gone);
    };
    // On the socket itself, so that tcp_stream's limit for writes does not apply to it.
    stream_.socket().async_read_some(buffer_.prepare(read_ahead), std::move(on_read));
}

asio::awaitable<void> http_stream::stop_watching() {
    stop_watching_ = true;
    beast::error_code ignored;
    stream_.socket().cancel(ignored);
    while (watching_) {
        watch_over_.expires_at(asio::steady_timer::time_point::max());
        co_await watch_over_.async_wait(tuple);
    }
    stop_watching_ = false;
}

void http_stream::interrupt_idle() {
    if (idle_) stream_.cancel();
}

asio::awaitable<void> http_stream::close_gracefully() {
    beast::error_code ec;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    std::size_t discarded = 0;
    arm(linger_time);
    while (!ec && discarded < linger_bytes) {
        buffer_.clear();
        auto [failed, size] = co_await stream_.async_read_some(buffer_.prepare(64U << 10U), tuple);
        ec = failed;
        discarded += size;
    }
    disarm();
    close();
}

void http_stream::reset() {
    beast::error_code ignored;
    stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
    close();
}

void http_stream::close() {
    stream_.close();
}

std::string head_text(const reply& answer, const request_head& asked, bool keep_alive,
                      const std::vector<std::pair<std::string, std::string>>& headers) {
    const auto reason = http::obsolete_reason(http::int_to_status(answer.status));
    std::string out =
        "HTTP/1.1 " + std::to_string(answer.status) + ' ' + std::string(reason) + "\r\n";
    const auto line = [&](std::string_view name, std::string_view value) {
        out.append(name).append(": ").append(value).append("\r\n");
    };
    line("Server", "tightwad");
    if (!answer.content_type.empty()) line("Content-Type", answer.content_type);
    for (const auto& [name, value] : answer.headers)
        line(name, value);
    for (const auto& [name, value] : headers)
        line(name, value);
    if (!keep_alive)
        line("Connection", "close");
    else if (asked.version < 11)
        line("Connection", "keep-alive");
    return out.append("\r\n");
}

std::string http_chunk(std::string_view bytes) {
    char size[24];
    const auto length = std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return std::string(size, static_cast<std::size_t>(length)).append(bytes).append("\r\n");
}

} // namespace tw::front
