// A seat here is a channel there.
#include "peer/relayed_drafter.hpp"

#include <optional>
#include <utility>

namespace tw::peer {

class relayed_drafter::seat final : public drafter_seat {
  public:
    seat(std::shared_ptr<channel_book> via, std::string name, std::shared_ptr<memory> known)
        : via_(std::move(via)), known_(std::move(known)) {
        channel_ = via_->open({std::move(name), wire::role::drafter, {}},
                              {.opened = [this](const wire::channel_opened& what) { opened(what); },
                               .frame = [this](wire::message body) { return frame(std::move(body)); },
                               .away = [this](const std::string& why) { away(why); }});
    }
    ~seat() override { channel_->close("The other side has closed it."); }

    void listen(seat_events events) override {
        std::unique_lock lock(mutex_);
        events_ = std::move(events);
        if (events_.opened && opened_) return events_.opened(*opened_);
        if (!events_.away || away_.empty()) return;
        const auto tell = events_.away;
        const auto why = away_;
        lock.unlock();
        tell(why); // this seat may be gone afterwards
    }
    void send(drafter_message message) override {
        static_cast<void>(channel_->send(wire::as_message(std::move(message)))); // lost messages are harmless
    }

  private:
    void opened(wire::channel_opened what) {
        what.onward_s += via_->rtt_s().value_or(0);
        {
            const std::lock_guard lock(known_->mutex);
            known_->engine = what.engine;
        }
        const std::lock_guard lock(mutex_);
        opened_ = what;
        away_.clear();
        if (events_.opened) events_.opened(what);
    }
    result<void> frame(wire::message body) {
        if (auto reply = wire::narrow<drafter_reply>(body)) {
            const std::lock_guard lock(mutex_);
            if (events_.reply) events_.reply(std::move(*reply));
            return {};
        }
        return out_of_place(body, "drafter");
    }
    void away(const std::string& why) {
        std::function<void(const std::string&)> tell;
        {
            const std::lock_guard lock(mutex_);
            opened_.reset();
            away_ = why;
            tell = events_.away;
        }
        if (tell) tell(why); // this seat may be gone afterwards
    }

    const std::shared_ptr<channel_book> via_;
    const std::shared_ptr<memory> known_;
    std::shared_ptr<far_channel> channel_;
    std::recursive_mutex mutex_; // guards what follows, and is held while opened and reply are told
    seat_events events_;
    std::optional<wire::channel_opened> opened_;
    std::string away_;
};

relayed_drafter::relayed_drafter(std::shared_ptr<channel_book> via, std::string name)
    : via_(std::move(via)), name_(std::move(name)) {
    known_->engine.name = name_;
    known_->engine.drafter = true;
}

wire::served_engine relayed_drafter::engine() const {
    const std::lock_guard lock(known_->mutex);
    return known_->engine;
}

std::unique_ptr<drafter_seat> relayed_drafter::sit() { return std::make_unique<seat>(via_, name_, known_); }

} // namespace tw::peer
