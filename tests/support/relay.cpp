// Two pumps per connection: read, wait until the bytes are due, write.
#include "support/relay.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace tw::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

struct pair_of_sockets;

struct shared_state {
    asio::io_context loop{1};
    relay_rules rules;
    bool frozen = false;
    std::minstd_rand dice{4};
    std::set<std::shared_ptr<pair_of_sockets>> pairs;
    std::atomic<std::size_t> forwarded = 0;
};

struct chunk {
    clock::time_point due;
    std::string bytes; // empty = the end of the stream
};

/// One direction of a connection.
struct pump {
    pump(shared_state& all, tcp::socket& source, tcp::socket& target, bool upward)
        : shared(all), from(source), to(target), timer(all.loop), up(upward) {}

    shared_state& shared;
    tcp::socket &from, &to;
    asio::steady_timer timer;
    const bool up;
    std::array<char, 65536> block{};
    std::deque<chunk> waiting;
    clock::time_point line_free{}; // when the rate limit lets the next byte go
    bool reading = false, forwarding = false, ended = false;

    clock::time_point due(std::size_t bytes) {
        using std::chrono::microseconds;
        const auto& rules = shared.rules;
        auto when = clock::now() + rules.delay;
        if (rules.jitter.count() > 0)
            when += microseconds(std::uniform_int_distribution<long>(0, rules.jitter.count())(shared.dice));
        if (rules.bytes_per_second > 0) {
            line_free = std::max(line_free, clock::now()) + microseconds(bytes * 1000000 / rules.bytes_per_second);
            when = std::max(when, line_free + rules.delay);
        }
        return waiting.empty() ? when : std::max(when, waiting.back().due);
    }

    void read(const std::shared_ptr<pair_of_sockets>& self) {
        if (shared.frozen || reading || ended) return;
        reading = true;
        from.async_read_some(asio::buffer(block), [this, self](error_code failed, std::size_t size) {
            reading = false;
            std::string bytes(block.data(), failed ? 0 : size);
            if (!failed && shared.rules.alter) bytes = shared.rules.alter(std::move(bytes), up);
            ended = static_cast<bool>(failed);
            if (ended || !bytes.empty()) {
                const auto when = due(bytes.size());
                waiting.push_back({when, std::move(bytes)});
            }
            forward(self);
            read(self);
        });
    }

    void forward(const std::shared_ptr<pair_of_sockets>& self) {
        if (shared.frozen || forwarding || waiting.empty()) return;
        forwarding = true;
        if (waiting.front().due <= clock::now()) return write(self); // a timer would add to a delay of none
        timer.expires_at(waiting.front().due);
        timer.async_wait([this, self](error_code) { write(self); });
    }

    void write(const std::shared_ptr<pair_of_sockets>& self) {
        if (shared.frozen) {
            forwarding = false;
            return;
        }
        error_code ignored;
        if (waiting.front().bytes.empty()) {
            to.shutdown(tcp::socket::shutdown_send, ignored);
            waiting.pop_front();
            return; // forwarding stays set: nothing comes behind the end
        }
        const auto& bytes = waiting.front().bytes;
        const auto size = shared.rules.piece > 0 ? std::min(shared.rules.piece, bytes.size()) : bytes.size();
        asio::async_write(to, asio::buffer(bytes.data(), size), [this, self](error_code failed, std::size_t sent) {
            forwarding = false;
            shared.forwarded += sent;
            if (failed) {
                from.close(failed);
                to.close(failed);
                return;
            }
            waiting.front().bytes.erase(0, sent);
            if (waiting.front().bytes.empty()) waiting.pop_front();
            forward(self);
        });
    }
};

struct pair_of_sockets : std::enable_shared_from_this<pair_of_sockets> {
    pair_of_sockets(shared_state& all, tcp::socket caller)
        : near(std::move(caller)), far(all.loop), up(all, near, far, true), down(all, far, near, false) {}

    tcp::socket near, far;
    pump up, down;

    void go_on() {
        for (auto* one : {&up, &down}) {
            one->forward(shared_from_this());
            one->read(shared_from_this());
        }
    }
    bool is_over() const {
        return !near.is_open() || (up.ended && down.ended && up.waiting.empty() && down.waiting.empty());
    }
    void reset() {
        error_code ignored;
        for (auto* one : {&near, &far}) {
            one->set_option(asio::socket_base::linger(true, 0), ignored);
            one->close(ignored);
        }
        up.timer.cancel();
        down.timer.cancel();
    }
};

} // namespace

struct relay::impl {
    shared_state shared;
    tcp::endpoint target;
    std::uint16_t port = 0;
    tcp::acceptor acceptor{shared.loop};
    std::thread thread;

    void accept() {
        acceptor.async_accept([this](error_code failed, tcp::socket caller) {
            if (failed) return;
            const auto made = std::make_shared<pair_of_sockets>(shared, std::move(caller));
            made->far.async_connect(target, [this, made](error_code refused) {
                if (refused) return made->reset();
                for (auto* one : {&made->near, &made->far}) one->set_option(tcp::no_delay(true), refused);
                made->go_on();
            });
            shared.pairs.insert(made);
            std::erase_if(shared.pairs, [](const auto& one) { return one->is_over(); });
            accept();
        });
    }
    void cut() {
        for (const auto& one : std::exchange(shared.pairs, {})) one->reset();
    }
};

relay::relay(std::uint16_t target, relay_rules rules, std::uint16_t port)
    : relay(relay_ends{.port = port, .target = target}, std::move(rules)) {}

relay::relay(const relay_ends& ends, relay_rules rules) : impl_(std::make_unique<impl>()) {
    impl_->target = {asio::ip::make_address(ends.target_address), ends.target};
    impl_->shared.rules = std::move(rules);
    const tcp::endpoint address(asio::ip::make_address(ends.listen_address), ends.port);
    impl_->acceptor.open(address.protocol());
    impl_->acceptor.set_option(asio::socket_base::reuse_address(true));
    impl_->acceptor.bind(address);
    impl_->acceptor.listen();
    impl_->port = impl_->acceptor.local_endpoint().port();
    impl_->accept();
    impl_->thread = std::thread([state = impl_.get()] { state->shared.loop.run(); });
}

relay::~relay() {
    asio::post(impl_->shared.loop, [state = impl_.get()] {
        state->acceptor.close();
        state->cut();
    });
    impl_->thread.join();
}

std::uint16_t relay::port() const { return impl_->port; }

void relay::set(relay_rules rules) {
    asio::post(impl_->shared.loop,
               [state = impl_.get(), rules = std::move(rules)]() mutable { state->shared.rules = std::move(rules); });
}

void relay::freeze(bool on) {
    asio::post(impl_->shared.loop, [state = impl_.get(), on] {
        state->shared.frozen = on;
        for (const auto& one : state->shared.pairs) one->go_on();
    });
}

void relay::cut() {
    asio::post(impl_->shared.loop, [state = impl_.get()] { state->cut(); });
}

std::size_t relay::forwarded() const { return impl_->shared.forwarded; }

} // namespace tw::test
