// Who works on what hangs on a loop: the loop's thread, handler by handler, or another one that found it at rest. Internal.
#pragma once

#include <mutex>
#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

namespace tw::net {

// Recursive, because a handler may begin another one.
using turn = std::recursive_mutex;

// As `Inner`, a loop's executor, but what it runs holds the turn, which outlives the loop. Coroutines, sockets and timers
// that are given this executor, and no other, have all their handlers run in turn, as on a strand. Other than into a
// strand, another thread can step in: run_at_once().
template <class Inner> class in_turn {
  public:
    in_turn(Inner inner, turn& whose) noexcept : inner_(std::move(inner)), turn_(&whose) {}

    template <class Function> void execute(Function&& work) const {
        inner_.execute([turn = turn_, work = std::decay_t<Function>(std::forward<Function>(work))]() mutable {
            const std::lock_guard held(*turn);
            work();
        });
    }

    // Asio's properties of executors are the loop's.
    template <class Property>
        requires boost::asio::can_require_v<const Inner&, Property>
    [[nodiscard]] auto require(const Property& property) const {
        auto other = boost::asio::require(inner_, property);
        return in_turn<decltype(other)>(std::move(other), *turn_);
    }
    template <class Property>
        requires boost::asio::can_query_v<const Inner&, Property>
    [[nodiscard]] decltype(auto) query(const Property& property) const {
        return boost::asio::query(inner_, property);
    }
    friend bool operator==(const in_turn& a, const in_turn& b) noexcept {
        return a.inner_ == b.inner_ && a.turn_ == b.turn_;
    }

    [[nodiscard]] turn& whose() const { return *turn_; }

  private:
    Inner inner_;
    turn* turn_;
};

using loop_executor = in_turn<boost::asio::io_context::executor_type>;

// Runs `work` here and now. False when the loop is at work, or `loop` is no loop_executor: nothing was done.
template <class Function> bool run_at_once(const boost::asio::any_io_executor& loop, Function&& work) {
    const auto* own = loop.target<loop_executor>();
    if (own == nullptr) return false;
    const std::unique_lock held(own->whose(), std::try_to_lock);
    if (held) work();
    return held.owns_lock();
}

} // namespace tw::net
