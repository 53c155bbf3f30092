// Frames in, frames out; whoever breaks the protocol is told why and let go.
#include "peer/frame_link.hpp"

#include <utility>

namespace tw::peer {
namespace {

constexpr std::size_t most_channels = 1024;
constexpr auto longest_trip = std::chrono::seconds{10};
constexpr double rtt_weight = 0.25; // of the newest round trip

} // namespace

frame_link::frame_link(wire::hello mine, bool calling, ports out, events tell, std::shared_ptr<traffic> counts)
    : mine_(std::move(mine)), calling_(calling), out_(std::move(out)), tell_(std::move(tell)),
      counts_(std::move(counts)) {}

void frame_link::begin() { static_cast<void>(put(0, mine_, state::greeting)); }

result<void> frame_link::put(std::uint32_t channel, const wire::message& body, state least) {
    auto bytes = wire::encode(channel, body);
    if (!bytes) return bytes.error();
    const auto size = bytes->size();
    const std::lock_guard lock(mutex_);
    if (state_ == state::over || (least == state::ready && state_ != state::ready) || !out_.send(std::move(*bytes)))
        return fail(code::unavailable, "The link is down.");
    counts_->bytes_sent += size;
    ++counts_->frames_sent;
    return {};
}

result<void> frame_link::send(std::uint32_t channel, const wire::message& body) {
    return put(channel, body, state::ready);
}

void frame_link::write(std::uint32_t channel, const wire::message& body) {
    static_cast<void>(put(channel, body, state::ready));
}

bool frame_link::is_ready() const {
    const std::lock_guard lock(mutex_);
    return state_ == state::ready;
}

std::optional<double> frame_link::rtt_s() const {
    const std::lock_guard lock(mutex_);
    return rtt_s_;
}

void frame_link::ping() {
    wire::ping next;
    bool over = false;
    {
        const std::lock_guard lock(mutex_);
        over = state_ == state::over;
    }
    if (over) return out_.close("goodbye");
    {
        const std::lock_guard lock(mutex_);
        const auto now = clock::now();
        if (pinged_ != clock::time_point{} && now - pinged_ < longest_trip) return; // one is under way
        next.number = ++last_ping_;
        pinged_ = now;
    }
    write(0, next);
}

// Drops every channel; the ends are for the caller to tell.
std::vector<std::shared_ptr<channel_end>> frame_link::finish() {
    std::vector<std::shared_ptr<channel_end>> ends;
    const std::lock_guard lock(mutex_);
    state_ = state::over;
    for (auto& [number, each] : std::exchange(channels_, {}))
        if (each.end) ends.push_back(std::move(each.end));
    return ends;
}

void frame_link::lost(const std::string& why) {
    for (const auto& end : finish()) end->lost(why);
}

void frame_link::goodbye(const std::string& why) { part(why, true); }

// One side hangs up, not both at once: two closing handshakes that cross may wait for each other.
void frame_link::part(const std::string& why, bool hang_up) {
    static_cast<void>(put(0, wire::goodbye{why}, state::greeting));
    if (hang_up) out_.close(why);
    for (const auto& end : finish()) end->lost(why);
}

void frame_link::received(std::string_view bytes) {
    counts_->bytes_received += bytes.size();
    ++counts_->frames_received;
    state now;
    {
        const std::lock_guard lock(mutex_);
        now = state_;
    }
    if (now == state::over) return;
    auto got = wire::decode(bytes);
    if (!got) return goodbye(got.error().message);
    if (const auto* said = std::get_if<wire::goodbye>(&got->body)) {
        for (const auto& end : finish()) end->closed(said->why);
        return tell_.parted(said->why);
    }
    if (now == state::greeting) {
        const auto* theirs = std::get_if<wire::hello>(&got->body);
        if (theirs == nullptr)
            return goodbye("The first frame was of kind " + std::string(wire::name(got->body)) + "; a hello must come first.");
        return greet(*theirs);
    }
    if (got->channel == 0) of_connection(got->body);
    else of_channel(got->channel, std::move(got->body));
}

void frame_link::greet(const wire::hello& theirs) {
    if (const auto fits = wire::compare(mine_, theirs); !fits) {
        part(fits.error().message, !calling_);
        return tell_.parted(fits.error().message);
    }
    {
        const std::lock_guard lock(mutex_);
        if (state_ == state::over) return;
        state_ = state::ready;
    }
    ping();
    tell_.ready(theirs);
}

void frame_link::of_connection(const wire::message& body) {
    if (const auto* asked = std::get_if<wire::ping>(&body)) return write(0, wire::pong{asked->number});
    const auto* answer = std::get_if<wire::pong>(&body);
    if (answer == nullptr) return goodbye("A second hello came on one link.");
    const std::lock_guard lock(mutex_);
    if (answer->number != last_ping_ || pinged_ == clock::time_point{}) return; // an older one, or repeated
    const auto took = std::chrono::duration<double>(clock::now() - std::exchange(pinged_, {})).count();
    rtt_s_ = rtt_s_ ? *rtt_s_ + rtt_weight * (took - *rtt_s_) : took;
}

void frame_link::asked(std::uint32_t channel, const wire::open_channel& what) {
    std::size_t open = 0;
    bool taken = false;
    {
        const std::lock_guard lock(mutex_);
        open = channels_.size();
        taken = channels_.contains(channel);
    }
    if (ours(channel) || taken)
        return goodbye("Channel " + std::to_string(channel) + " was to be opened, which is not free or has the number "
                       "of the other side's.");
    if (open >= most_channels)
        return refuse(channel, "This link has " + std::to_string(open) + " channels already, the most it takes.");
    tell_.asked(channel, what);
}

void frame_link::of_channel(std::uint32_t channel, wire::message body) {
    if (const auto* what = std::get_if<wire::open_channel>(&body)) return asked(channel, *what);
    const auto* closing = std::get_if<wire::channel_closed>(&body);
    const bool refused = std::holds_alternative<wire::channel_refused>(body);
    std::shared_ptr<channel_end> end;
    bool answer = false;
    {
        const std::lock_guard lock(mutex_);
        const auto found = channels_.find(channel);
        if (found != channels_.end()) {
            auto& known = found->second;
            const auto before = known.at;
            if (before == stage::opening) known.at = stage::open;
            end = known.end;
            answer = closing != nullptr && before != stage::closing;
            if (closing != nullptr || (refused && before != stage::open)) channels_.erase(found);
            if (before == stage::closing) return; // what was under way when this side closed it
        }
    }
    if (answer) write(channel, wire::channel_closed{"as asked"});
    if (closing != nullptr) {
        if (end) end->closed(closing->why);
        return;
    }
    if (!end)
        return goodbye("A frame of kind " + std::string(wire::name(body)) + " names channel " + std::to_string(channel) +
                       ", which is not open.");
    if (const auto taken = end->received(std::move(body)); !taken) goodbye(taken.error().message);
}

bool frame_link::open(std::uint32_t channel, const wire::open_channel& what, std::shared_ptr<channel_end> end) {
    {
        const std::lock_guard lock(mutex_);
        if (state_ != state::ready || channels_.contains(channel)) return false;
        channels_[channel] = {stage::opening, std::move(end)};
    }
    write(channel, what);
    return true;
}

bool frame_link::is_free(std::uint32_t channel) const {
    const std::lock_guard lock(mutex_);
    return !channels_.contains(channel);
}

void frame_link::accept(std::uint32_t channel, std::shared_ptr<channel_end> end) {
    const std::lock_guard lock(mutex_);
    if (state_ == state::ready) channels_[channel] = {stage::open, std::move(end)};
}

void frame_link::refuse(std::uint32_t channel, const std::string& why) {
    std::shared_ptr<channel_end> end;
    {
        const std::lock_guard lock(mutex_);
        const auto found = channels_.find(channel);
        if (found != channels_.end()) {
            end = std::move(found->second.end);
            channels_.erase(found);
        }
    }
    write(channel, wire::channel_refused{why});
}

void frame_link::close(std::uint32_t channel, const std::string& why) {
    std::shared_ptr<channel_end> end;
    {
        const std::lock_guard lock(mutex_);
        const auto found = channels_.find(channel);
        if (found == channels_.end() || found->second.at == stage::closing) return;
        found->second.at = stage::closing;
        end = std::move(found->second.end);
    }
    write(channel, wire::channel_closed{why});
}

} // namespace tw::peer
