// The operations of a link: one read, one write, one ping and one close at most at a time.
#include "net/channel.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/text.hpp"
#include "net/turn.hpp"

namespace tw::net {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

// For the farewell and its answer; the other side may have gone or may not read.
constexpr std::chrono::milliseconds farewell_time{500};
constexpr std::size_t longest_reason = 123; // RFC 6455, 5.5

} // namespace

channel::channel(std::shared_ptr<byte_stream> stream, std::shared_ptr<outbox> out)
    : stream_(std::move(stream)), out_(std::move(out)), socket_(*stream_),
      heartbeat_(socket_.get_executor()), deadline_(socket_.get_executor()) {
    socket_.read_message_max(out_->limits().max_message_bytes);
    socket_.binary(true);
}

asio::awaitable<error> channel::run(std::function<void()> started, std::function<void(std::string_view)> message) {
    out_->open([this] { wake(); });
    const struct shut_at_end { // also when a callback throws
        channel& self;
        ~shut_at_end() {
            self.out_->shut();
            self.heartbeat_.cancel();
            self.deadline_.cancel();
            self.stream_->close();
        }
    } guard{*this};
    watch();
    started();
    const auto failed = co_await read_all(std::move(message));
    co_return explain(failed);
}

asio::awaitable<error_code> channel::read_all(std::function<void(std::string_view)> message) {
    for (;;) {
        auto [failed, bytes] = co_await socket_.async_read_some(incoming_, 0, asio::as_tuple(asio::use_awaitable));
        if (failed) co_return failed;
        if (!socket_.is_message_done()) continue;
        const auto data = incoming_.cdata();
        if (!ending_) message({static_cast<const char*>(data.data()), data.size()});
        incoming_.consume(incoming_.size());
    }
}

/// On a thread that has something to send, which writes it itself if the loop is at rest: to wake the loop costs more than
/// the writing. The end of a link is the loop's, where no handler of it is under way.
void channel::wake() {
    const auto loop = socket_.get_executor();
    if (!out_->ends() && run_at_once(loop, [this] { pump(); })) return;
    asio::post(loop, [self = shared_from_this()] { self->pump(); });
}

/// Writes the next message, or ends the link if that was asked for.
void channel::pump() {
    if (const auto how = out_->ends()) begin_ending(*how);
    if (writing_ || farewell_ || is_over()) return;
    auto next = out_->take();
    if (!next) {
        if (!ending_) return;
        farewell_ = true;
        const auto reason = cut_utf8(why_->message, longest_reason);
        socket_.async_close({websocket::close_code::normal, reason}, [self = shared_from_this()](error_code) {});
        return;
    }
    writing_ = true;
    outgoing_ = *std::move(next);
    socket_.async_write(asio::buffer(outgoing_), [self = shared_from_this()](error_code failed, std::size_t) {
        self->writing_ = false;
        self->out_->sent(self->outgoing_.size());
        if (failed) return self->hang_up_within(farewell_time); // reading tells why
        self->spoke_ = true;
        self->pump();
    });
}

void channel::begin_ending(const outbox::ending& how) {
    if (how.abrupt) return give_up(how.why);
    if (std::exchange(ending_, true)) return;
    why_ = how.why;
    hang_up_within(farewell_time);
}

void channel::watch() {
    heartbeat_.expires_after(out_->limits().ping_interval);
    heartbeat_.async_wait([self = shared_from_this()](error_code stopped) {
        if (!stopped) self->tick();
    });
}

void channel::tick() {
    if (is_over()) return;
    // Every byte from the other side is a sign of life. Beast would call back for its pongs, but a stream that has
    // such a callback can wait for itself for ever while it closes (1.81: read_op posts before it sees a close frame).
    missed_ = std::exchange(heard_, stream_->received()) != stream_->received() ? 0 : missed_ + 1;
    if (missed_ >= out_->limits().missed_intervals) {
        const auto silent = std::chrono::duration<double>(out_->limits().ping_interval * missed_).count();
        return give_up(fail(code::timed_out,
                            out_->other() + " has been silent for " + std::to_string(silent).substr(0, 4) + " s."));
    }
    if (!std::exchange(spoke_, false) && !pinging_ && !farewell_) {
        pinging_ = true;
        socket_.async_ping({}, [self = shared_from_this()](error_code) { self->pinging_ = false; });
    }
    watch();
}

void channel::hang_up_within(std::chrono::milliseconds time) {
    if (is_over()) return;
    deadline_.expires_after(time);
    deadline_.async_wait([self = shared_from_this()](error_code stopped) {
        if (!stopped) self->stream_->close();
    });
}

void channel::give_up(error why) {
    if (!why_) why_ = std::move(why);
    stream_->close();
}

/// Timers and writes that end late must not begin anything.
bool channel::is_over() const { return !stream_->next_layer().socket().is_open(); }

error channel::explain(error_code failed) const {
    if (why_) return *why_;
    const auto& farewell = socket_.reason();
    const auto& who = out_->other();
    if (farewell.code == websocket::close_code::too_big)
        return fail(code::invalid_argument, who + " refused a message as too large.");
    if (failed == websocket::error::closed && !farewell.reason.empty()) {
        const std::string_view reason(farewell.reason.data(), farewell.reason.size());
        return fail(code::unavailable, who + " closed the link: " + to_valid_utf8(reason));
    }
    if (failed == websocket::error::closed || failed == asio::error::eof)
        return fail(code::unavailable, who + " closed the link.");
    if (failed == websocket::error::message_too_big)
        return fail(code::invalid_argument, who + " sent a message of more than " +
                                                std::to_string(out_->limits().max_message_bytes) +
                                                " bytes, the most a link carries.");
    if (failed.category() == make_error_code(websocket::error::closed).category())
        return fail(code::corrupt, who + " sent what no WebSocket carries (" + failed.message() + ").");
    return fail(code::unavailable, "The link broke: " + who + " is not reached (" + failed.message() + ").");
}

} // namespace tw::net
