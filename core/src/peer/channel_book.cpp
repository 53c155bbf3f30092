// Numbers for channels, and channels for links.
#include "peer/channel_book.hpp"

#include <algorithm>
#include <utility>

namespace tw::peer {

// With the lock held.
std::vector<std::shared_ptr<far_channel>> channel_book::living() {
    std::vector<std::shared_ptr<far_channel>> out;
    std::erase_if(channels_, [&](const auto& each) {
        auto channel = each.lock();
        if (!channel || channel->is_finished()) return true;
        out.push_back(std::move(channel));
        return false;
    });
    return out;
}

std::shared_ptr<far_channel> channel_book::open(wire::open_channel what, channel_events events) {
    std::shared_ptr<far_channel> made;
    std::shared_ptr<frame_link> link;
    {
        const std::lock_guard lock(mutex_);
        const auto others = living();
        link = link_;
        auto number = first_;
        while ((link && !link->is_free(number)) ||
               std::ranges::any_of(others, [&](const auto& each) { return each->number() == number; }))
            number += 2;
        made = std::make_shared<far_channel>(number, std::move(what), std::move(events));
        channels_.push_back(made);
    }
    if (link) made->attach(std::move(link));
    return made;
}

void channel_book::up(const std::shared_ptr<frame_link>& link) {
    std::vector<std::shared_ptr<far_channel>> all;
    {
        const std::lock_guard lock(mutex_);
        link_ = link;
        all = living();
    }
    for (const auto& each : all) each->attach(link);
}

void channel_book::down() {
    const std::lock_guard lock(mutex_);
    link_ = nullptr;
}

void channel_book::tick() {
    std::vector<std::shared_ptr<far_channel>> all;
    {
        const std::lock_guard lock(mutex_);
        all = living();
    }
    for (const auto& each : all) each->tick();
}

std::optional<double> channel_book::rtt_s() const {
    const std::lock_guard lock(mutex_);
    return link_ ? link_->rtt_s() : std::nullopt;
}

bool channel_book::is_up() const {
    const std::lock_guard lock(mutex_);
    return link_ && link_->is_ready();
}

} // namespace tw::peer
