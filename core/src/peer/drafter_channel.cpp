// Frames to a seat, its replies to frames.
#include "peer/drafter_channel.hpp"

#include <algorithm>
#include <utility>

#include "sampling/validate.hpp"

namespace tw::peer {

drafter_channel::drafter_channel(std::shared_ptr<frame_link> link, std::uint32_t number,
                                 std::shared_ptr<served_drafter> drafter, std::shared_ptr<seat_shelf> shelf, seat_key key)
    : link_(std::move(link)), number_(number), drafter_(std::move(drafter)), shelf_(std::move(shelf)),
      key_(std::move(key)) {}

void drafter_channel::begin() {
    auto seat = shelf_ ? shelf_->take(key_) : nullptr;
    if (!seat) seat = drafter_->sit();
    auto* placed = seat.get();
    {
        const std::lock_guard lock(mutex_);
        seat_ = std::move(seat);
    }
    // The link knows this channel for as long as its thread runs here, so the seat stays.
    placed->listen({.opened = [link = link_, number = number_, self = weak_from_this()](const wire::channel_opened& what) {
                        if (const auto channel = self.lock()) channel->opened_ = true;
                        static_cast<void>(link->send(number, what));
                    },
                    .reply = [link = link_, number = number_](drafter_reply reply) {
                        static_cast<void>(link->send(number, wire::as_message(std::move(reply))));
                    },
                    .away = [self = weak_from_this()](const std::string& why) {
                        if (const auto channel = self.lock()) channel->away(why);
                    }});
}

// Nothing of a stranger's reaches the sampler unchecked.
result<void> drafter_channel::check(const drafter_message& message) const {
    const auto n_vocab = drafter_->engine().n_vocab;
    if (n_vocab == 0) return {}; // passed on: who has the model checks
    const auto unknown = [&](const std::vector<std::int32_t>& ids) {
        return std::ranges::any_of(ids, [&](auto id) { return id < 0 || id >= n_vocab; });
    };
    const auto* opened = std::get_if<draft_open>(&message);
    const auto* order = std::get_if<draft_order>(&message);
    if ((opened != nullptr && unknown(opened->prompt)) || (order != nullptr && unknown(order->tail)))
        return fail(code::corrupt, "A frame names a token that \"" + key_.engine + "\" does not have; its ids run from "
                                       "0 to " + std::to_string(n_vocab - 1) + ".");
    return opened != nullptr ? validate(opened->sampling, n_vocab) : result<void>{};
}

result<void> drafter_channel::received(wire::message body) {
    auto message = wire::narrow<drafter_message>(body);
    if (!message) return out_of_place(body, "drafter");
    if (auto fine = check(*message); !fine) return fine.error();
    const std::lock_guard lock(mutex_);
    if (seat_) seat_->send(std::move(*message));
    return {};
}

std::unique_ptr<drafter_seat> drafter_channel::take_seat() {
    const std::lock_guard lock(mutex_);
    return std::move(seat_);
}

void drafter_channel::closed(const std::string&) { take_seat().reset(); }

void drafter_channel::lost(const std::string&) {
    auto seat = take_seat();
    if (!seat || !shelf_) return;
    seat->listen({});
    shelf_->put(key_, std::move(seat));
}

// The drafter is out of reach, not the other side: who drafts here is to try again later.
void drafter_channel::away(const std::string& why) {
    if (opened_) link_->close(number_, why);
    else link_->refuse(number_, why);
    take_seat().reset();
}

} // namespace tw::peer
