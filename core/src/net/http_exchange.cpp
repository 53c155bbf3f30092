// The steps of a request: name, TCP, TLS, request, head, body; a limit on each, watched from outside by check().
#include "net/http_exchange.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "base/text.hpp"
#include "net/dialled.hpp"
#include "net/look_up.hpp"
#include "net/retry_after.hpp"
#include "net/tls.hpp"

namespace tw::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t longest_head = 64U << 10U;
constexpr std::size_t largest_block = 4U << 10U, longest_buffer = 2 * longest_head;
constexpr int most_attempts = 3, most_interim = 8;
constexpr milliseconds room_pause{5}; // between two questions whether more may be read

// The other side was never there, or went away: nothing that a second try could not change.
bool is_passing(error_code why) {
    return why == asio::error::connection_refused || why == asio::error::connection_reset ||
           why == asio::error::broken_pipe || why == asio::error::eof || why == http::error::end_of_stream ||
           why == asio::ssl::error::stream_truncated;
}

} // namespace

http_exchange::http_exchange(http_shared& shared, web_request request, web_url url, web_events events)
    : shared_(shared), request_(std::move(request)), url_(std::move(url)),
      key_(url_.origin() + (request_.author == url_author::stranger ? " stranger " : " operator ") + request_.ca_file),
      events_(std::move(events)), resolver_(shared.loop), pause_(shared.loop), buffer_(longest_buffer) {
    make_message();
}

void http_exchange::make_message() {
    message_.version(11);
    message_.method(request_.method == "POST" ? http::verb::post : http::verb::get);
    message_.target(url_.target);
    for (const auto& [name, value] : request_.headers) message_.insert(name, value);
    message_.set(http::field::host, url_.authority());
    message_.set(http::field::user_agent, "tightwad");
    message_.body() = std::move(request_.body);
    message_.prepare_payload();
}

void http_exchange::limit(milliseconds time, std::string_view missed) {
    limit_ = time;
    missed_ = missed;
    deadline_ = std::chrono::steady_clock::now() + time;
}

void http_exchange::check(std::chrono::steady_clock::time_point now) {
    if (ended_) return;
    if (cancelled()) end(fail(code::cancelled, "The request was cancelled."));
    else if (now > deadline_) end(faults().silent(missed_, limit_));
}

void http_exchange::end(std::optional<error> problem) {
    if (ended_) return;
    ended_ = true;
    resolver_.cancel();
    pause_.cancel();
    if (stream_) stream_->close();
    const auto done = std::move(events_.done);
    events_ = {};
    done(std::move(problem));
    shared_.ended(*this);
}

// g++ 12 destroys a temporary argument of an awaited call twice: every argument here has a name.

asio::awaitable<void> http_exchange::run(std::shared_ptr<http_exchange> self) {
    try {
        co_await self->go();
    } catch (const std::exception& e) {
        self->end(fail(code::internal, "The request to " + self->url_.origin() + " failed inside: " + e.what() + "."));
    }
}

asio::awaitable<void> http_exchange::go() {
    failure problem;
    for (int attempt = 1; !ended_; ++attempt) {
        again_ = false;
        const bool fresh = attempt > 1;
        problem = co_await connect(fresh);
        if (!problem && !ended_) problem = co_await ask();
        if (!problem || ended_ || !again_ || attempt == most_attempts) break;
        // With jitter, so that many who lost one server do not come back at once.
        pause_.expires_after(milliseconds{50 * attempt + static_cast<int>(shared_.random() % 100)});
        co_await pause_.async_wait(token);
    }
    if (!problem && !ended_) problem = tell_head();
    if (!problem && !ended_) problem = co_await read_body();
    if (ended_) co_return;
    const bool keep = !problem && parser_->keep_alive() && buffer_.size() == 0;
    if (keep) shared_.pool.keep(key_, std::exchange(stream_, nullptr));
    end(std::move(problem));
}

asio::awaitable<http_exchange::failure> http_exchange::connect(bool fresh) {
    limit(request_.connect_timeout, "did not accept a connection");
    if (stream_) stream_->close();
    stream_ = fresh ? nullptr : shared_.pool.take(key_);
    if (stream_) co_return std::nullopt;
    std::vector<endpoint> found;
    std::string host = url_.host;
    const auto unnamed = co_await look_up(&resolver_, std::move(host), url_.port, &found);
    if (unnamed || found.empty()) co_return faults().no_address(unnamed);
    auto failed = co_await dial(std::move(found));
    if (failed || ended_) co_return failed;
    stream_->no_delay();
    if (!url_.tls) co_return std::nullopt;
    failed = co_await secure();
    co_return failed;
}

/// The first address that may be dialled and answers; each gets its share of the time.
asio::awaitable<http_exchange::failure> http_exchange::dial(std::vector<endpoint> found) {
    failure last;
    const auto share = std::max<milliseconds>(request_.connect_timeout / std::max<int>(1, static_cast<int>(found.size())),
                                              milliseconds{500});
    for (const auto& where : found) {
        if (ended_) break;
        if (const auto why = forbidden(where.address(), request_.author); !why.empty()) {
            last = faults().forbidden(where.address().to_string(), why);
            continue;
        }
        const asio::any_io_executor loop = shared_.loop.get_executor();
        stream_ = std::make_shared<byte_stream>(loop);
        stream_->next_layer().expires_after(share);
        const auto [failed] = co_await stream_->next_layer().async_connect(where, token);
        stream_->next_layer().expires_never();
        again_ = is_passing(failed);
        if (!failed) co_return std::nullopt;
        last = faults().unreachable(failed);
    }
    co_return last;
}

asio::awaitable<http_exchange::failure> http_exchange::secure() {
    auto& context = shared_.trusted[request_.ca_file];
    if (!context) {
        auto made = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
        if (const auto failed = trust(*made, request_.ca_file)) co_return faults().no_authorities(failed);
        context = std::move(made);
    }
    std::string name = url_.host;
    const auto failed = co_await stream_->start_tls(*context, boost::beast::role_type::client, std::move(name));
    if (!failed) co_return std::nullopt;
    co_return faults().no_tls(failed, stream_->certificate_fault());
}

asio::awaitable<http_exchange::failure> http_exchange::ask() {
    limit(std::max(request_.connect_timeout, request_.idle_timeout), "did not take the request");
    const auto [failed, sent] = co_await http::async_write(*stream_, message_, token);
    if (failed) {
        again_ = is_passing(failed);
        co_return faults().lost(failed);
    }
    limit(request_.first_byte_timeout, "did not begin to answer");
    failure problem;
    for (int interim = 0; interim < most_interim; ++interim) {
        problem = co_await read_head();
        if (problem || ended_ || parser_->get().result_int() >= 200) break;
    }
    co_return problem;
}

asio::awaitable<http_exchange::failure> http_exchange::read_head() {
    parser_.emplace();
    parser_->header_limit(longest_head);
    parser_->body_limit(request_.max_body_bytes);
    const auto [failed, taken] = co_await http::async_read_header(*stream_, buffer_, *parser_, token);
    if (!failed) co_return std::nullopt;
    const bool silent = !parser_->got_some() && buffer_.size() == 0;
    again_ = silent && is_passing(failed) && (request_.repeatable || request_.method == "GET");
    co_return faults().lost(failed);
}

http_exchange::failure http_exchange::tell_head() {
    const auto& answer = parser_->get();
    web_head head{.status = static_cast<int>(answer.result_int()), .headers = {}, .retry_after = {}};
    if (head.status < 200)
        return fail(code::corrupt, "The server at " + url_.origin() + " never got beyond the interim status " +
                                       std::to_string(head.status) + ".");
    if (head.status >= 300 && head.status < 400) {
        const auto where = answer[http::field::location];
        return faults().redirected(head.status, {where.data(), where.size()});
    }
    for (const auto& field : answer) {
        const auto name = field.name_string(), value = field.value();
        head.headers.emplace_back(lower({name.data(), name.size()}), std::string(value.data(), value.size()));
    }
    const auto advice = answer[http::field::retry_after];
    head.retry_after = read_retry_after(std::string(advice.data(), advice.size()), std::chrono::system_clock::now());
    events_.head(head);
    parser_->eager(true);
    return std::nullopt;
}

/// Parsed here and not by Beast's read, which keeps a chunk back until the one after it begins.
asio::awaitable<http_exchange::failure> http_exchange::read_body() {
    while (!parser_->is_done()) {
        error_code failed = http::error::need_more;
        if (buffer_.size() > 0) buffer_.consume(parser_->put(buffer_.data(), failed));
        tell_body();
        if (cancelled()) co_return fail(code::cancelled, "The request was cancelled.");
        if (failed && failed != http::error::need_more) co_return faults().cut(failed);
        if (parser_->is_done() || !failed) continue;
        co_await wait_for_room();
        if (ended_) break;
        limit(request_.idle_timeout, "sent no more of its answer");
        failed = co_await read_more();
        if (ended_) break;
        if (failed == asio::error::eof) {
            parser_->put_eof(failed);
            tell_body();
        }
        if (failed) co_return faults().cut(failed);
    }
    co_return std::nullopt;
}

/// The server is not silent meanwhile: nobody listens to it.
asio::awaitable<void> http_exchange::wait_for_room() {
    while (events_.full && events_.full()) {
        deadline_ = std::chrono::steady_clock::time_point::max();
        pause_.expires_after(room_pause);
        co_await pause_.async_wait(token);
    }
}

asio::awaitable<error_code> http_exchange::read_more() {
    if (buffer_.size() + block_ > longest_buffer) co_return error_code(http::error::buffer_overflow);
    const auto space = buffer_.prepare(block_);
    const auto [failed, got] = co_await stream_->async_read_some(space, token);
    buffer_.commit(got);
    if (got == block_) block_ = std::min(2 * block_, largest_block);
    co_return failed;
}

void http_exchange::tell_body() {
    auto& body = parser_->get().body();
    if (body.empty()) return;
    const auto piece = std::exchange(body, {});
    events_.chunk(piece);
}

} // namespace tw::net
