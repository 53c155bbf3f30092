// Playing scripts.
#include "unit/pipeline/scripted_pipeline.hpp"

#include <algorithm>
#include <chrono>
#include <functional>

#include <nlohmann/json.hpp>

namespace tw::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t story_words = 20;

std::string prompt_of(const generation_request& request) {
    if (const auto* messages = std::get_if<std::vector<chat_message>>(&request.input)) {
        std::string out;
        for (const auto& message : *messages) out += message.role + ' ' + message.content + '\n';
        return out;
    }
    if (const auto* text = std::get_if<std::string>(&request.input)) return *text;
    std::string out;
    for (const auto id : std::get<token_ids>(request.input)) out += std::to_string(id) + ' ';
    return out;
}

std::string word(const std::string& prompt, std::uint64_t seed, std::size_t index, bool other) {
    auto value = std::hash<std::string>{}(prompt) ^ (seed * 0x9e3779b97f4a7c15ULL) ^ (index * 0x2545f4914f6cdd1dULL);
    value ^= value >> 31U;
    return (other ? "other" : "word") + std::to_string(value % 1000) + ' ';
}

} // namespace

std::string story(const std::string& prompt, std::uint64_t seed, std::size_t words) {
    std::string out;
    for (std::size_t i = 0; i < words; ++i) out += word(prompt, seed, i, false);
    return out;
}

struct scripted_pipeline::job final : generation {
    generation_request request;
    std::shared_ptr<generation_sink> sink;
    std::mutex mutex;
    std::condition_variable woken;
    bool stop = false;

    void cancel() override {
        const std::lock_guard lock(mutex);
        stop = true;
        woken.notify_all();
    }
    bool stopped() {
        const std::lock_guard lock(mutex);
        return stop;
    }
};

scripted_pipeline::scripted_pipeline(std::string name) : name_(std::move(name)) {}

scripted_pipeline::~scripted_pipeline() {
    for (const auto& one : jobs_) one->cancel();
    for (auto& one : threads_) one.join();
}

result<std::shared_ptr<generation>> scripted_pipeline::start(generation_request request,
                                                             std::shared_ptr<generation_sink> sink) {
    auto one = std::make_shared<job>();
    one->request = request;
    one->sink = std::move(sink);
    script how;
    {
        std::unique_lock lock(mutex_);
        how = scripts_.front();
        if (scripts_.size() > 1) scripts_.erase(scripts_.begin());
        requests_.push_back(std::move(request));
        changed_.notify_all();
        changed_.wait(lock, [this] { return !door_closed_; });
        if (how.refuse) return *how.refuse;
        jobs_.push_back(one);
        if (!how.inside_start) threads_.emplace_back([this, one, how] { play(one, how); });
    }
    if (how.inside_start) play(one, how);
    return std::shared_ptr<generation>(one);
}

void scripted_pipeline::play(const std::shared_ptr<job>& one, const script& how) {
    const auto prompt = prompt_of(one->request);
    const auto bar = std::min(prompt.find('|'), prompt.size());
    const auto key = prompt.substr(0, bar);
    const auto seed = one->request.sampling.seed;
    const auto said = std::count(prompt.begin() + static_cast<std::ptrdiff_t>(bar), prompt.end(), ' ');
    const auto limit = static_cast<std::size_t>(one->request.max_tokens.value_or(1000));
    generation_result out;
    out.seed = seed;
    out.prompt_tokens = 5 + said;
    std::size_t pieces = 0;
    for (auto at = static_cast<std::size_t>(said);; ++at, ++pieces) {
        if (how.hang_after == pieces) {
            std::unique_lock lock(one->mutex);
            {
                const std::lock_guard counted(mutex_);
                ++hanging_;
                changed_.notify_all();
            }
            one->woken.wait(lock, [&] { return one->stop; });
        }
        if (how.extra_after == pieces) one->sink->extra("{}", how.extra_adds_up);
        if (how.calls_after == pieces) one->sink->call({0, {"c", "f", "{}"}});
        if (one->stopped()) out.reason = finish_reason::cancelled;
        else if (how.fail_after == pieces) {
            out.reason = finish_reason::failed;
            out.failure = fail(how.fails_with, "The link to " + name_ + " broke.");
            out.failure->retry_after = how.retry_after;
        } else if (pieces == limit) out.reason = finish_reason::length;
        else if (how.stops_after != pieces && at < story_words) {
            one->sink->text(word(key, seed, at, how.differs_at && at >= *how.differs_at));
            continue;
        }
        break;
    }
    out.completion_tokens = how.counts || !out.failure ? static_cast<std::int64_t>(pieces) : 0;
    out.stats.rounds = pieces;
    out.stats.tokens = pieces;
    out.stats.verify_s = 0.5;
    one->sink->done(out);
    if (how.calls_after_done) {
        one->sink->text("a ghost");
        one->sink->done(out);
    }
    one->sink.reset();
}

nlohmann::json scripted_pipeline::status() const {
    return {{"name", name_}, {"serves", serves_}, {"slots", {{"total", 4}}}, {"of", name_}};
}

void scripted_pipeline::plays(std::vector<script> next) {
    const std::lock_guard lock(mutex_);
    scripts_ = std::move(next);
}

void scripted_pipeline::close_door() {
    const std::lock_guard lock(mutex_);
    door_closed_ = true;
}

void scripted_pipeline::open_door() {
    const std::lock_guard lock(mutex_);
    door_closed_ = false;
    changed_.notify_all();
}

std::vector<generation_request> scripted_pipeline::requests(std::size_t at_least) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return requests_.size() >= at_least; });
    return requests_;
}

bool scripted_pipeline::wait_hanging(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return hanging_ >= count; });
}

} // namespace tw::test
