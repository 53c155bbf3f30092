// One thread per swap: look, let finish, load, and back where that fails.
#include "pipeline/model_swap.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace tw {
namespace {

using process_state = pooled::process_report::state;
using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_every{20};

} // namespace

std::optional<pooled::process_report> wait_for_model(const pooled::pool_process& process, const std::function<bool()>& reached,
                                                     const std::function<bool(float)>& progress) {
    for (;;) {
        auto report = process.now();
        if (!progress(std::min(report.progress, 0.99F))) return std::nullopt;
        if (report.now == process_state::down || (report.now == process_state::up && reached())) return report;
        std::this_thread::sleep_for(look_every);
    }
}

model_swap::model_swap(swapped_pool of, pool_model now) : of_(std::move(of)), now_(std::move(now)) {}

model_swap::~model_swap() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

bool model_swap::is_under_way() const { return last_ && last_->now != state::done && last_->now != state::failed; }

result<void> model_swap::begin(const std::string& asked) {
    const std::lock_guard lock(mutex_);
    if (is_under_way())
        return fail(code::busy, "The pool \"" + of_.pool.name + "\" is already changing its model to \"" + last_->model +
                                    "\"; ask again when that is over.");
    auto wanted = find_pool_model(asked, now_, of_.config);
    if (!wanted) return wanted.error();
    if (thread_.joinable()) thread_.join(); // it has ended all but its last line
    last_ = record{.model = asked};
    spdlog::info("event=swap pool={} from=\"{}\" to=\"{}\"", of_.pool.name, now_.name, asked);
    thread_ = std::thread([this, wanted = std::move(*wanted)] { run(wanted); });
    return {};
}

void model_swap::run(const pool_model& wanted) {
    if (const auto sound = look_at(wanted, of_.config, of_.plugins); !sound) return end(state::failed, sound.error().message);
    set(state::finishing);
    finish_answers();
    set(state::loading);
    const auto loaded = load(wanted);
    if (!loaded) return;
    if (loaded->now != process_state::up) return go_back(wanted, *loaded);
    {
        const std::lock_guard lock(mutex_);
        now_ = wanted;
    }
    end(state::done, {});
}

// For as long as they would have at the endpoint's end.
void model_swap::finish_answers() {
    const auto until = clock::now() + of_.config.server.drain_timeout;
    while (of_.running() > 0 && clock::now() < until && !stopping_) std::this_thread::sleep_for(look_every);
}

// None when this object is being destroyed.
std::optional<pooled::process_report> model_swap::load(const pool_model& what) {
    if (stopping_) return std::nullopt;
    of_.process.replace(of_.options(what));
    return wait_for_model(of_.process, of_.is_reached, [this](float) { return !stopping_; });
}

void model_swap::go_back(const pool_model& wanted, const pooled::process_report& failed) {
    const auto before = now();
    spdlog::warn("event=swap_failed pool={} model=\"{}\" why=\"{}\"", of_.pool.name, wanted.name, failed.why);
    set(state::returning);
    const auto then = load(before);
    if (!then) return;
    const auto after = then->now == process_state::up
                           ? "\"" + before.name + "\" answers again."
                           : "\"" + before.name + "\" is not back yet either (" + then->why + "); it is tried again and again.";
    end(state::failed,
        "\"" + wanted.name + "\" could not be loaded over the pool \"" + of_.pool.name + "\": " + failed.why + ' ' + after,
        failed.last_lines);
}

void model_swap::set(state now) {
    const std::lock_guard lock(mutex_);
    last_->now = now;
}

void model_swap::end(state how, std::string why, std::deque<std::string> last_lines) {
    const std::lock_guard lock(mutex_);
    spdlog::info("event=swap_over pool={} model=\"{}\" state={}", of_.pool.name, last_->model, word(how));
    last_->now = how;
    last_->why = std::move(why);
    last_->last_lines = std::move(last_lines);
}

pool_model model_swap::now() const {
    const std::lock_guard lock(mutex_);
    return now_;
}

std::string model_swap::closed() const {
    const std::lock_guard lock(mutex_);
    if (!is_under_way() || last_->now == state::checking) return {};
    if (last_->now == state::returning)
        return "The pool \"" + of_.pool.name + "\" is going back to \"" + now_.name + "\", because \"" + last_->model +
               "\" could not be loaded.";
    return "The pool \"" + of_.pool.name + "\" is changing its model to \"" + last_->model + "\".";
}

const char* model_swap::word(state of) {
    switch (of) {
    case state::checking: return "checking";
    case state::finishing: return "finishing";
    case state::loading: return "loading";
    case state::returning: return "returning";
    case state::done: return "done";
    case state::failed: break;
    }
    return "failed";
}

nlohmann::json model_swap::status() const {
    const std::lock_guard lock(mutex_);
    if (!last_) return nullptr;
    return {{"model", last_->model},
            {"state", word(last_->now)},
            {"why", last_->why.empty() ? nlohmann::json() : nlohmann::json(last_->why)},
            {"last_lines", last_->last_lines}};
}

} // namespace tw
