// Orders go out as frames, frames come in as replies, and what does not fit the target is refused.
#include "peer/remote_drafter.hpp"

#include <algorithm>
#include <utility>

namespace tw::peer {
namespace {
constexpr std::size_t most_unclosed = 4096;
}

remote_drafter::remote_drafter(std::shared_ptr<channel_book> via, std::string name, wire::served_engine target,
                               draft_inbox& inbox, std::size_t index)
    : via_(std::move(via)), target_(std::move(target)), inbox_(inbox), index_(index) {
    const std::lock_guard lock(mutex_);
    channel_ = via_->open({std::move(name), wire::role::drafter, {}},
                          {.opened = [this](const wire::channel_opened& what) { opened(what); },
                           .frame = [this](wire::message body) { return frame(std::move(body)); },
                           .away = [this](const std::string& why) { away(why); }});
}

remote_drafter::~remote_drafter() { channel_->close("The target needs it no more."); }

void remote_drafter::send(drafter_message message) {
    const auto* closing = std::get_if<draft_close>(&message);
    const auto sequence = closing != nullptr ? closing->sequence : 0;
    if (channel_->send(wire::as_message(std::move(message))) || sequence == 0) return;
    const std::lock_guard lock(mutex_);
    if (unclosed_.size() < most_unclosed) unclosed_.push_back(sequence);
}

void remote_drafter::opened(const wire::channel_opened& what) {
    const auto& engine = what.engine;
    if (const auto fits = wire::compare(target_, engine); !fits) return fail_for_good(fits.error().message);
    if (target_.n_vocab != engine.n_vocab)
        return fail_for_good("The peer's model \"" + engine.name + "\" claims the vocabulary of \"" + target_.name +
                             "\" and has " + std::to_string(engine.n_vocab) + " tokens instead of " +
                             std::to_string(target_.n_vocab) + "; it is not to be trusted.");
    std::vector<sequence_id> unclosed;
    {
        const std::lock_guard lock(mutex_);
        unclosed.swap(unclosed_);
    }
    for (const auto each : unclosed) send(draft_close{each});
    longest_ = static_cast<std::size_t>(engine.n_ctx) / 2;
    inbox_.put(index_, drafter_event(drafter_back{}));
}

result<void> remote_drafter::frame(wire::message body) {
    auto reply = wire::narrow<drafter_reply>(body);
    if (!reply) return out_of_place(body, "drafter");
    if (const auto* failed = std::get_if<drafter_failed>(&*reply)) {
        fail_for_good(failed->why);
        return {};
    }
    if (const auto* batch = std::get_if<draft_batch>(&*reply)) {
        const auto stray = std::ranges::find_if(batch->tokens, [&](const proposal& each) {
            return each.token < 0 || each.token >= target_.n_vocab;
        });
        if (stray != batch->tokens.end()) {
            fail_for_good("The peer's model drafted token " + std::to_string(stray->token) + ", which \"" +
                          target_.name + "\" with its " + std::to_string(target_.n_vocab) + " tokens does not have.");
            return {};
        }
    }
    std::vector<drafter_reply> replies;
    replies.push_back(std::move(*reply));
    inbox_.put(index_, replies);
    return {};
}

void remote_drafter::away(const std::string& why) {
    longest_ = 0;
    if (!failed_) inbox_.put(index_, drafter_event(drafter_away{why}));
}

void remote_drafter::fail_for_good(const std::string& why) {
    if (failed_.exchange(true)) return;
    longest_ = 0;
    std::shared_ptr<far_channel> channel;
    {
        const std::lock_guard lock(mutex_);
        channel = channel_;
    }
    channel->close(why);
    inbox_.put(index_, drafter_event(drafter_failed{why}));
}

} // namespace tw::peer
