// Open, away, open again, until its owner has had enough.
#include "peer/far_channel.hpp"

#include <utility>

namespace tw::peer {
namespace {
constexpr auto retry_after = std::chrono::seconds{5};
}

far_channel::far_channel(std::uint32_t number, wire::open_channel what, channel_events events)
    : number_(number), what_(std::move(what)), events_(std::move(events)) {}

result<void> far_channel::send(const wire::message& body) {
    std::shared_ptr<frame_link> link;
    {
        const std::lock_guard lock(mutex_);
        if (!open_ || finished_) return fail(code::unavailable, "The channel is not open.");
        link = link_;
    }
    return link->send(number_, body);
}

void far_channel::close(const std::string& why) {
    std::shared_ptr<frame_link> link;
    {
        const std::lock_guard quiet(telling_);
        const std::lock_guard lock(mutex_);
        finished_ = true;
        open_ = false;
        link = std::exchange(link_, nullptr);
    }
    if (link) link->close(number_, why);
}

bool far_channel::is_open() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

bool far_channel::is_finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
}

void far_channel::attach(std::shared_ptr<frame_link> link) {
    {
        const std::lock_guard lock(mutex_);
        if (finished_ || link_ == link) return;
        link_ = link;
        retry_at_ = clock::time_point::max();
    }
    if (!link->open(number_, what_, shared_from_this())) {
        const std::lock_guard lock(mutex_);
        retry_at_ = clock::now(); // the number is not free yet
    }
}

void far_channel::tick() {
    std::shared_ptr<frame_link> link;
    {
        const std::lock_guard lock(mutex_);
        if (finished_) return;
        if (link_ && clock::now() >= retry_at_) {
            link = link_;
            retry_at_ = clock::time_point::max();
        }
    }
    if (link && !link->open(number_, what_, shared_from_this())) {
        const std::lock_guard lock(mutex_);
        retry_at_ = clock::now();
    }
    if (!events_.tick) return;
    const std::lock_guard telling(telling_);
    if (!is_finished()) events_.tick();
}

result<void> far_channel::received(wire::message body) {
    if (const auto* refused = std::get_if<wire::channel_refused>(&body)) {
        gone(refused->why, true);
        return {};
    }
    const auto* opened = std::get_if<wire::channel_opened>(&body);
    const std::lock_guard telling(telling_);
    {
        const std::lock_guard lock(mutex_);
        if (finished_) return {};
        if (opened == nullptr && !open_) return out_of_place(body, "this side and not yet opened by the other");
        if (opened != nullptr && open_) return out_of_place(body, "this side and opened before");
        open_ = true;
    }
    if (opened == nullptr) return events_.frame(std::move(body));
    events_.opened(*opened);
    return {};
}

void far_channel::gone(const std::string& why, bool retry) {
    const std::lock_guard telling(telling_);
    {
        const std::lock_guard lock(mutex_);
        if (finished_) return;
        open_ = false;
        if (retry) retry_at_ = clock::now() + retry_after;
        else link_ = nullptr;
    }
    events_.away(why);
}

} // namespace tw::peer
