// One question at a time.
#include "pipeline/server_probe.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

namespace tw {
namespace {

constexpr std::chrono::seconds longest_wait{30}; // for the end of a question that was cancelled

// Filled in by whoever answers, which may be after nobody waits any more.
struct reply_box {
    std::mutex mutex;
    std::condition_variable_any changed;
    bool over = false;
    std::optional<error> failure;
};

std::optional<error> ask_once(const server_probe::ask_function& ask, const std::stop_token& stop) {
    const auto box = std::make_shared<reply_box>();
    const auto begun = ask([box](const result<std::string>& reply) {
        const std::lock_guard lock(box->mutex);
        if (!reply) box->failure = reply.error();
        box->over = true;
        box->changed.notify_all();
    });
    if (!begun) return begun.error();
    std::unique_lock lock(box->mutex);
    if (!box->changed.wait(lock, stop, [&] { return box->over; })) {
        lock.unlock();
        (*begun)->cancel();
        lock.lock();
        box->changed.wait_for(lock, longest_wait, [&] { return box->over; });
    }
    return box->over ? box->failure : fail(code::cancelled, "The question was not answered.");
}

} // namespace

server_probe::server_probe(std::string server, std::shared_ptr<server_health> health, ask_function ask)
    : server_(std::move(server)), health_(std::move(health)), ask_(std::move(ask)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

server_probe::~server_probe() = default;

void server_probe::run(const std::stop_token& stop) {
    while (health_->wait_for_turn(stop)) {
        const auto failure = ask_once(ask_, stop);
        if (failure && failure->code == code::unsupported) break;
        health_->note(failure);
        if (health_->is_up()) spdlog::info("event=server_back server={}", server_);
    }
    health_->leave_alone();
}

} // namespace tw
