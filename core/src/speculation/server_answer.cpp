// Orders in, requests out; tokens in, batches out.
#include "speculation/server_answer.hpp"

#include <algorithm>
#include <utility>

namespace tw {
namespace {

constexpr float unknown_chance = 0.8F; // of every grade, until an order says better
constexpr int most_hearings = 4;       // requests of one audit; each takes the way there and back

} // namespace

server_answer::server_answer(std::vector<std::int32_t> prompt) : text_(std::move(prompt)), usual_(unknown_chance) {
    chance_.fill(unknown_chance);
}

bool server_answer::follow(draft_order order, replies& out) {
    if (order.epoch <= order_.epoch) return true;
    if (order.base == 0) return false; // nothing to go on from
    const auto before = text_.committed();
    switch (text_.follow(order)) {
    case drafted_text::outcome::lost: return false;
    case drafted_text::outcome::corrected:
        stale_ = true;
        [[fallthrough]];
    case drafted_text::outcome::overtaken:
        sent_ = 0;
        dry_ = false;
        stale_ = stale_ || !order.stream; // who waits is served sooner behind what is known now
        break;
    case drafted_text::outcome::kept: sent_ -= std::min(sent_, text_.committed() - before); break;
    }
    if (hearing_) stale_ = true; // its tokens follow another prefix
    hearing_.reset();
    if (order.chance) chance_ = *order.chance;
    complete_ = order.want == 0;
    if (order.audit && complete_) {
        hearing_ = hearing{.at = std::max<std::size_t>(text_.committed() - order.tail.size(), 1), .requests = 0, .entries = {}};
        stale_ = true;
    }
    order.tail.clear();
    order_ = std::move(order);
    if (order_.audit && (!hearing_ || hearing_->at == text_.committed())) report(out);
    advance(out);
    return true;
}

void server_answer::take(proposal token, clock::time_point at, replies& out) {
    if (came_++ > 0) {
        const auto took = std::chrono::duration<double>(at - last_at_).count();
        token_s_ = token_s_ > 0 ? token_s_ + 0.1 * (took - token_s_) : took;
    }
    last_at_ = at;
    if (hearing_) return hear(token, out);
    if (at_ < text_.tokens().size()) { // the answer was here already
        stale_ = text_.tokens()[at_++] != token.token;
        return;
    }
    ++at_;
    text_.append(token);
    usual_ += 0.1F * (chance_.at(token.grade) - usual_);
    advance(out);
}

void server_answer::hear(const proposal& token, replies& out) {
    auto& of = *hearing_;
    const bool agreed = token.token == text_.tokens()[of.at];
    of.entries.push_back({token.grade, agreed});
    ++of.at;
    stale_ = !agreed;
    if (of.at == text_.committed() || (!agreed && of.requests == most_hearings)) report(out);
}

void server_answer::report(replies& out) {
    out.push_back(draft_audit{order_.sequence, order_.epoch, hearing_ ? std::move(hearing_->entries) : std::vector<audit_entry>(), true});
    if (hearing_) stale_ = true;
    hearing_.reset();
}

void server_answer::ended(replies& out) {
    if (hearing_ && (came_ == 0 || hearing_->requests == most_hearings)) return report(out);
    dry_ = !hearing_ && came_ == 0;
    advance(out);
}

void server_answer::advance(replies& out) {
    if (complete_) return;
    const auto wanted = text_.wanted(order_, chance_, usual_);
    const auto have = std::max(sent_, std::min(text_.drafted(), wanted));
    complete_ = text_.drafted() >= wanted || dry_;
    const bool due = order_.stream && have > sent_ && (sent_ == 0 || have - sent_ >= order_.group);
    if (!complete_ && !due) return;
    auto batch = text_.batch(order_, sent_, have);
    batch.complete = complete_;
    if (!order_.stream) batch.seconds = static_cast<float>(token_s_ * static_cast<double>(batch.tokens.size()));
    sent_ = have;
    out.push_back(std::move(batch));
}

std::optional<server_answer::request> server_answer::ask(std::size_t context) {
    stale_ = false;
    if (complete_ && !hearing_) return {};
    came_ = 0;
    std::size_t end = text_.tokens().size(), most = 0;
    if (hearing_) {
        ++hearing_->requests;
        end = hearing_->at;
        most = text_.committed() - end;
    } else {
        // A stream is to run on while its first tokens are judged.
        most = text_.wanted(order_, chance_, usual_) - text_.drafted() + (order_.stream ? order_.want : 0U);
    }
    // As a local drafter with a short context: full, it goes on from the last half of it.
    begin_ = std::min(begin_, end - 1);
    if (context > 0 && end - begin_ + most > context) begin_ = end - std::min(end, std::max<std::size_t>(context / 2, 1));
    asked_ = most;
    at_ = end;
    const auto from = text_.tokens().begin();
    return request{{from + static_cast<std::ptrdiff_t>(begin_), from + static_cast<std::ptrdiff_t>(end)}, static_cast<std::uint32_t>(most)};
}

} // namespace tw
