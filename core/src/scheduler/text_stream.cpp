// Holds back as little as the two rules allow: whole code points, no part of a stop string.
#include "scheduler/text_stream.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace tw {

text_stream::text_stream(std::vector<std::string> stops) : stops_(std::move(stops)) {
    std::erase_if(stops_, [](const auto& stop) { return stop.empty() || !is_valid_utf8(stop); });
    for (const auto& stop : stops_)
        longest_ = std::max(longest_, stop.size());
}

text_stream::out text_stream::push(std::string_view piece_bytes) {
    if (stopped_) return {.text = {}, .stopped = true};
    bytes_ += piece_bytes;
    const auto whole = bytes_.size() - incomplete_tail(bytes_);
    held_ += to_valid_utf8(std::string_view(bytes_).substr(0, whole));
    bytes_.erase(0, whole);
    auto text = release(true);
    return {.text = std::move(text), .stopped = stopped_};
}

std::string text_stream::finish() {
    if (stopped_) return {};
    held_ += to_valid_utf8(bytes_);
    bytes_.clear();
    return release(false);
}

std::string text_stream::release(bool more_may_come) {
    auto end = held_.size();
    for (const auto& stop : stops_)
        end = std::min(end, held_.find(stop));
    stopped_ = end != held_.size();

    if (more_may_come && longest_ != 0) {
        const std::string_view text = held_;
        auto from = text.size() - std::min(text.size(), longest_ - 1);
        for (; from < end; ++from) {
            const auto tail = text.substr(from);
            if (std::any_of(stops_.begin(), stops_.end(),
                            [&](const auto& stop) { return stop.starts_with(tail); })) {
                end = from;
                stopped_ = false;
            }
        }
    }

    auto text = held_.substr(0, end);
    held_.erase(0, end);
    if (stopped_) {
        stopped_by_ = *std::ranges::find_if(stops_, [&](const auto& stop) { return held_.starts_with(stop); });
        held_.clear();
    }
    sent_ += text.size();
    return text;
}

} // namespace tw
