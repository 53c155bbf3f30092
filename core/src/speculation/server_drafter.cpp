// One event after the other: what guests say, what the server says, and that it says nothing.
#include "speculation/server_drafter.hpp"

#include <algorithm>
#include <span>

#include <spdlog/spdlog.h>

#include "speculation/model_drafter.hpp"

namespace tw {
namespace {

constexpr auto longest_silence = std::chrono::seconds{30}; // of a request; a long prompt takes long
constexpr std::size_t most_answers = 256;
constexpr std::size_t usual_context = 512; // where the server does not say
constexpr std::size_t least_context = 32;  // less is of no use
constexpr grade unknown_grade = 4;         // of a token whose margin is not told

} // namespace

void server_drafter::event_box::put(event what) {
    {
        const std::lock_guard lock(mutex);
        items.push_back(std::move(what));
    }
    arrived.notify_one();
}

std::shared_ptr<server_drafter> server_drafter::make(std::string name, std::shared_ptr<backend> server,
                                                     check_function check, std::optional<terms> known) {
    return {new server_drafter(std::move(name), std::move(server), std::move(check), known), [](server_drafter* last) {
                if (last->thread_.get_id() == std::this_thread::get_id()) std::thread([last] { delete last; }).detach();
                else delete last;
            }};
}

server_drafter::server_drafter(std::string name, std::shared_ptr<backend> server, check_function check,
                               std::optional<terms> known)
    : name_(std::move(name)), server_(std::move(server)), check_(std::move(check)), terms_(known.value_or(terms{})),
      here_(known.has_value()) {
    if (here_) longest_ = (terms_.context > 0 ? terms_.context : usual_context) / 2;
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

server_drafter::~server_drafter() {
    thread_.request_stop();
    thread_.join();
    for (auto& [key, of] : answers_) stop_request(of);
}

server_drafter::guest_id server_drafter::enter(listener tell) {
    guest_id id = 0;
    {
        const std::lock_guard quiet(telling_);
        id = ++last_guest_;
        guests_[id] = {std::make_shared<listener>(std::move(tell))};
    }
    box_->put(introduced{id});
    return id;
}

void server_drafter::listen(guest_id guest, listener tell) {
    {
        const std::lock_guard quiet(telling_);
        guests_[guest] = {std::make_shared<listener>(std::move(tell))};
    }
    box_->put(introduced{guest});
}

void server_drafter::leave(guest_id guest) {
    {
        const std::lock_guard quiet(telling_);
        guests_.erase(guest);
    }
    box_->put(left{guest});
}

void server_drafter::send(guest_id guest, drafter_message message) {
    if (longest_ > 0) box_->put(told{guest, std::move(message)});
}

server_drafter::terms server_drafter::known() const {
    const std::lock_guard lock(terms_mutex_);
    return terms_;
}

// What has arrived; waits for it.
std::vector<server_drafter::event> server_drafter::next(const std::stop_token& stop, clock::time_point until) {
    std::unique_lock lock(box_->mutex);
    box_->arrived.wait_until(lock, stop, until, [&] { return !box_->items.empty(); });
    return std::exchange(box_->items, {});
}

void server_drafter::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        if (!here_ && clock::now() >= look_at_) look(stop);
        const auto until = here_ ? next_silence() : look_at_;
        for (auto& each : next(stop, until)) std::visit([&](auto& what) { handle(what); }, each);
        if (here_ && clock::now() >= next_silence())
            gone("It sent no token within " + std::to_string(longest_silence.count()) + " s.");
    }
}

void server_drafter::look(const std::stop_token& stop) {
    const auto found = check_(stop);
    if (stop.stop_requested()) return;
    if (!found) return gone(found.error().message);
    {
        const std::lock_guard lock(terms_mutex_);
        terms_ = *found;
    }
    here_ = true;
    why_.clear();
    longest_ = (found->context > 0 ? found->context : usual_context) / 2;
    tell_all(drafter_back{});
}

server_drafter::clock::time_point server_drafter::next_silence() const {
    auto out = clock::now() + longest_silence;
    for (const auto& [key, of] : answers_)
        if (of.now) out = std::min(out, of.now->heard_at + longest_silence);
    return out;
}

void server_drafter::gone(const std::string& why) {
    if (!here_ && why != why_) spdlog::warn("event=draft_server_away server={} why=\"{}\"", name_, why);
    const bool news = here_ || why != why_;
    here_ = false;
    longest_ = 0;
    why_ = why;
    ++failures_;
    look_at_ = clock::now() + std::chrono::seconds{std::min(10, 1 << std::min(failures_ - 1, 4))};
    while (!answers_.empty()) drop(answers_.begin()->first);
    if (news) tell_all(drafter_away{why});
}

void server_drafter::handle(introduced& what) {
    {
        const std::lock_guard quiet(telling_);
        const auto found = guests_.find(what.guest);
        if (found == guests_.end() || !found->second.is_new) return;
        found->second.is_new = false;
    }
    if (here_) tell(what.guest, drafter_event(drafter_back{}));
    else if (!why_.empty()) tell(what.guest, drafter_event(drafter_away{why_}));
}

void server_drafter::handle(left& what) {
    for (auto at = answers_.lower_bound({what.guest, 0}); at != answers_.end() && at->first.first == what.guest;
         at = answers_.lower_bound({what.guest, 0}))
        drop(at->first);
}

void server_drafter::handle(told& what) {
    if (!here_) return;
    if (auto* opened = std::get_if<draft_open>(&what.message)) {
        const answer_key key{what.guest, opened->sequence};
        drop(key);
        // Where there is no room the order that follows is answered `lost`.
        if (answers_.size() < most_answers) answers_.try_emplace(key, drafted_answer{server_answer(std::move(opened->prompt)), {}});
        return;
    }
    if (const auto* closed = std::get_if<draft_close>(&what.message)) return drop({what.guest, closed->sequence});
    auto& order = std::get<draft_order>(what.message);
    const answer_key key{what.guest, order.sequence};
    const auto epoch = order.epoch;
    order.want = static_cast<std::uint16_t>(std::min<std::size_t>(order.want, longest_));
    server_answer::replies replies;
    const auto found = answers_.find(key);
    if (found == answers_.end() || !found->second.answer.follow(std::move(order), replies)) {
        drop(key);
        replies.emplace_back(draft_lost{key.second, epoch});
        return tell(what.guest, replies);
    }
    steer(key, replies);
}

void server_drafter::handle(came& what) {
    const auto found = requests_.find(what.request);
    if (found == requests_.end()) return; // nobody wants them any more
    const auto key = found->second;
    auto& of = answers_.at(key);
    of.now->heard_at = what.at;
    failures_ = 0;
    server_answer::replies replies;
    for (const auto& each : what.tokens) {
        if (each.token < 0 || each.token >= terms_.n_vocab)
            return gone("It drafted token " + std::to_string(each.token) + ", which a vocabulary of " +
                        std::to_string(terms_.n_vocab) + " tokens does not have.");
        of.answer.take({each.token, each.margin >= 0 ? grade_of(each.margin) : unknown_grade}, what.at, replies);
        if (of.answer.is_stale() || of.answer.is_whole()) break;
    }
    if (of.answer.is_whole()) { // its end is not waited for
        requests_.erase(what.request);
        of.now.reset();
        of.answer.ended(replies);
    }
    steer(key, replies);
}

void server_drafter::handle(over& what) {
    const auto found = requests_.find(what.request);
    if (found == requests_.end()) return;
    const auto key = found->second;
    auto& of = answers_.at(key);
    requests_.erase(found);
    of.now.reset();
    if (what.failure && what.failure->code == code::context_overflow && terms_.context != least_context) {
        const std::lock_guard lock(terms_mutex_);
        terms_.context = terms_.context == 0 ? usual_context : std::max(terms_.context / 2, least_context);
        longest_ = terms_.context / 2;
    } else if (what.failure) {
        return gone(what.failure->message);
    }
    server_answer::replies replies;
    of.answer.ended(replies);
    steer(key, replies);
}

// Tells what came of it, and sees to it that the right request runs.
void server_drafter::steer(const answer_key& key, server_answer::replies& replies) {
    tell(key.first, replies);
    auto& of = answers_.at(key);
    if (of.now && of.answer.is_stale()) stop_request(of);
    if (of.now) return;
    auto what = of.answer.ask(terms_.context);
    if (!what) return;
    if (const auto refused = begin(key, of, std::move(*what))) gone(refused->message);
}

std::optional<error> server_drafter::begin(const answer_key& key, drafted_answer& of, server_answer::request what) {
    const auto number = ++last_request_;
    auto begun = server_->go_on(
        std::move(what.prompt), what.most,
        [box = box_, number](std::span<const tw_continued> tokens) {
            box->put(came{number, {tokens.begin(), tokens.end()}, clock::now()});
        },
        [box = box_, number](std::optional<error> failure) { box->put(over{number, std::move(failure)}); });
    if (!begun) return begun.error();
    requests_[number] = key;
    of.now = running{number, std::move(*begun), clock::now()};
    return {};
}

void server_drafter::stop_request(drafted_answer& of) {
    if (!of.now) return;
    of.now->request->cancel();
    requests_.erase(of.now->number);
    of.now.reset();
}

void server_drafter::drop(const answer_key& key) {
    const auto found = answers_.find(key);
    if (found == answers_.end()) return;
    stop_request(found->second);
    answers_.erase(found);
}

void server_drafter::tell(guest_id guest, server_answer::replies& replies) {
    for (auto& each : replies)
        tell(guest, std::visit([](auto& what) { return drafter_event(std::move(what)); }, each));
    replies.clear();
}

void server_drafter::tell(guest_id guest, const drafter_event& what) {
    const std::lock_guard quiet(telling_);
    const auto found = guests_.find(guest);
    if (found == guests_.end() || found->second.is_new) return;
    const auto hears = found->second.hears; // it may leave meanwhile
    (*hears)(what);
}

void server_drafter::tell_all(const drafter_event& what) {
    std::vector<guest_id> all;
    {
        const std::lock_guard quiet(telling_);
        for (const auto& [id, each] : guests_) all.push_back(id);
    }
    for (const auto id : all) tell(id, what);
}

} // namespace tw
