// Keeps the last reply.
#include "pipeline/server_facts.hpp"

#include <chrono>
#include <mutex>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"

namespace tw {
namespace {

using steady = std::chrono::steady_clock;

constexpr std::size_t most_bytes = 64U << 10U;
constexpr std::chrono::seconds soon{10};
constexpr std::chrono::hours old{1};

nlohmann::json read(std::string_view reply) {
    if (reply.size() > most_bytes || json_deeper_than(reply, max_json_depth)) return {};
    auto out = nlohmann::json::parse(reply, nullptr, false);
    return out.is_object() ? out : nlohmann::json();
}

} // namespace

struct server_facts::state {
    std::mutex mutex;
    nlohmann::json known = nlohmann::json::object();
    bool asking = false, never = false; // never: the plugin has no such question
    steady::time_point next{};          // when to ask again

    void take(const result<std::string>& reply) {
        auto found = reply ? read(*reply) : nlohmann::json();
        const std::lock_guard lock(mutex);
        asking = false;
        never = !reply && reply.error().code == code::unsupported;
        next = steady::now() + (found.is_object() ? std::chrono::seconds(old) : soon);
        if (found.is_object()) known = std::move(found);
    }
};

server_facts::server_facts(server_probe::ask_function ask) : ask_(std::move(ask)), state_(std::make_shared<state>()) {
    static_cast<void>(now());
}

nlohmann::json server_facts::now() const {
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->asking || state_->never || steady::now() < state_->next) return state_->known;
        state_->asking = true;
    }
    const auto begun = ask_([shared = state_](const result<std::string>& reply) { shared->take(reply); });
    if (!begun) state_->take(begun.error());
    const std::lock_guard lock(state_->mutex);
    return state_->known;
}

} // namespace tw
