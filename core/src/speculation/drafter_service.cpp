// The drafter's loop: apply what was said, make one pass, hand out what came of it.
#include "speculation/drafter_service.hpp"

#include <algorithm>
#include <utility>

namespace tw {
namespace {

constexpr auto long_idle = std::chrono::seconds{10};
constexpr std::size_t most_waiting = 4U << 20U; // weight of one guest's messages; a message weighs its tokens and 64
constexpr std::size_t longest_sequence = 1U << 20U;

} // namespace

drafter_service::drafter_service(std::unique_ptr<engine> model)
    : drafter_(std::move(model)), longest_(drafter_.longest()),
      slots_(static_cast<std::size_t>(drafter_.model().info().n_seq)), thread_([this] { run(); }) {}

drafter_service::~drafter_service() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

drafter_service::guest_id drafter_service::enter(listener tell) {
    const std::lock_guard quiet(telling_);
    std::vector<drafter_reply> failed;
    guest_id id = 0;
    {
        const std::lock_guard lock(mutex_);
        id = ++last_guest_;
        if (failure_.empty()) guests_[id].tell = std::make_shared<listener>(std::move(tell));
        else failed.emplace_back(drafter_failed{failure_});
    }
    if (!failed.empty()) tell(failed);
    return id;
}

void drafter_service::listen(guest_id guest, listener tell) {
    const std::lock_guard quiet(telling_);
    const std::lock_guard lock(mutex_);
    const auto found = guests_.find(guest);
    if (found != guests_.end()) found->second.tell = std::make_shared<listener>(std::move(tell));
}

void drafter_service::leave(guest_id guest) {
    {
        const std::lock_guard quiet(telling_);
        const std::lock_guard lock(mutex_);
        const auto found = guests_.find(guest);
        if (found == guests_.end()) return;
        forget_all(found->second);
        guests_.erase(found);
    }
    wake_.notify_one();
}

void drafter_service::send(guest_id guest, drafter_message message) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = guests_.find(guest);
        if (found == guests_.end()) return;
        auto& from = found->second;
        if (auto* opened = std::get_if<draft_open>(&message)) {
            open(guest, from, std::move(*opened));
        } else {
            auto* order = std::get_if<draft_order>(&message);
            auto& sequence = order != nullptr ? order->sequence : std::get<draft_close>(message).sequence;
            const auto known = from.inner.find(sequence);
            if (known == from.inner.end() || (order != nullptr && order->base > longest_sequence)) {
                if (order != nullptr) from.heard.emplace_back(draft_lost{sequence, order->epoch});
            } else if (order == nullptr) {
                release(known->second);
            } else {
                sequence = known->second;
                owners_.at(sequence).used = clock::now();
                const auto weight = 64 + order->tail.size();
                push(guest, from, std::move(message), weight);
            }
        }
        to_tell_ = to_tell_ || !from.heard.empty();
    }
    wake_.notify_one();
}

// A sequence that is opened again gets a new number, so that what is late about the old one finds nobody.
void drafter_service::open(guest_id id, visitor& from, draft_open message) {
    const auto outer = message.sequence;
    if (const auto old = from.inner.find(outer); old != from.inner.end()) release(old->second);
    if (owners_.size() >= slots_ && !make_room()) return; // the order that follows is answered `lost`
    message.sequence = ++last_sequence_;
    from.inner[outer] = message.sequence;
    owners_[message.sequence] = {id, outer, clock::now()};
    const auto weight = 64 + message.prompt.size();
    push(id, from, std::move(message), weight);
}

bool drafter_service::make_room() {
    const auto oldest = std::min_element(owners_.begin(), owners_.end(), [](const auto& a, const auto& b) {
        return a.second.used < b.second.used;
    });
    if (oldest == owners_.end() || clock::now() - oldest->second.used < long_idle) return false;
    release(oldest->first);
    return true;
}

void drafter_service::push(guest_id id, visitor& from, drafter_message message, std::size_t weight) {
    from.waiting += weight;
    messages_.push_back({id, weight, std::move(message)});
    if (from.waiting > most_waiting) forget_all(from);
}

// What waits about the sequence need not be read any more.
void drafter_service::release(sequence_id inner) {
    const auto found = owners_.find(inner);
    if (found == owners_.end()) return;
    auto& of = guests_.at(found->second.guest);
    of.inner.erase(found->second.outer);
    owners_.erase(found);
    std::erase_if(messages_, [&](const waiting& each) {
        const bool mine = std::visit([&](const auto& m) { return m.sequence == inner; }, each.message);
        if (mine) of.waiting -= each.weight;
        return mine;
    });
    messages_.push_back({0, 0, draft_close{inner}});
}

void drafter_service::forget_all(visitor& of) {
    while (!of.inner.empty()) release(of.inner.begin()->second);
}

std::size_t drafter_service::guests() const {
    const std::lock_guard lock(mutex_);
    return guests_.size();
}

std::size_t drafter_service::sequences() const {
    const std::lock_guard lock(mutex_);
    return owners_.size();
}

std::string drafter_service::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

// Waits only when there is nothing to do. False when it is to end.
bool drafter_service::next(std::vector<waiting>& messages) {
    std::unique_lock lock(mutex_);
    if (!drafter_.has_work()) wake_.wait(lock, [&] { return stopping_ || to_tell_ || !messages_.empty(); });
    messages = std::exchange(messages_, {});
    for (auto& [id, of] : guests_) of.waiting = 0;
    return !stopping_;
}

void drafter_service::run() {
    std::vector<waiting> messages;
    std::vector<drafter_reply> replies;
    while (next(messages)) {
        for (auto& each : messages) drafter_.apply(std::move(each.message));
        const auto done = drafter_.step(replies);
        hand_out(replies);
        if (!done) return tell_all(done.error().message);
    }
}

void drafter_service::hand_out(std::vector<drafter_reply>& replies) {
    const std::lock_guard quiet(telling_);
    std::vector<std::pair<std::shared_ptr<listener>, std::vector<drafter_reply>>> told;
    {
        const std::lock_guard lock(mutex_);
        for (auto& reply : replies) {
            auto* lost = std::get_if<draft_lost>(&reply);
            auto* batch = std::get_if<draft_batch>(&reply);
            auto& sequence = lost != nullptr    ? lost->sequence
                             : batch != nullptr ? batch->sequence
                                                : std::get<draft_audit>(reply).sequence;
            const auto inner = sequence;
            const auto found = owners_.find(inner);
            if (found == owners_.end()) continue; // closed meanwhile
            sequence = found->second.outer;
            auto& of = guests_.at(found->second.guest);
            if (lost != nullptr) release(inner);
            of.heard.push_back(std::move(reply));
        }
        to_tell_ = false;
        for (auto& [id, of] : guests_)
            if (!of.heard.empty()) told.emplace_back(of.tell, std::exchange(of.heard, {}));
    }
    replies.clear();
    for (auto& [tell, heard] : told) (*tell)(heard);
}

void drafter_service::tell_all(const std::string& why) {
    const std::lock_guard quiet(telling_);
    std::vector<std::shared_ptr<listener>> all;
    {
        const std::lock_guard lock(mutex_);
        failure_ = why;
        for (auto& [id, of] : guests_) all.push_back(of.tell);
        guests_.clear();
        owners_.clear();
        messages_.clear();
    }
    for (const auto& tell : all) {
        std::vector<drafter_reply> failed;
        failed.emplace_back(drafter_failed{why});
        (*tell)(failed);
    }
}

} // namespace tw
