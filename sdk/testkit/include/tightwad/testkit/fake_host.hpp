// A host for tests: every service works, everything is recorded, and work can be held back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <tightwad/abi/host/executor.h>
#include <tightwad/abi/host/http.h>
#include <tightwad/abi/host/log.h>
#include <tightwad/abi/host/secret.h>
#include <tightwad/abi/host/timer.h>
#include <tightwad/abi/plugin.h>
#include <tightwad/testkit/scripted_http.hpp>

namespace tw::testkit {

// Any thread. Destroying it runs what was posted; timers that are not due are dropped.
class fake_host {
  public:
    fake_host() {
        abi_ = {sizeof(tw_host), TW_ABI_MINOR, this, &service};
        for (auto& worker : workers_)
            worker = std::thread([this] { work(); });
    }
    ~fake_host() {
        {
            const std::lock_guard guard(lock_);
            stopping_ = true;
            held_ = false;
        }
        wake_.notify_all();
        for (auto& worker : workers_)
            worker.join();
    }
    fake_host(const fake_host&) = delete;
    fake_host& operator=(const fake_host&) = delete;

    [[nodiscard]] const tw_host* abi() const { return &abi_; }

    std::map<std::string, std::string> secrets; // set before the plugin runs
    scripted_http servers;                      // what they answer

    // Work that is posted waits from hold() until release().
    void hold() { set_held(true); }
    void release() { set_held(false); }

    // Waits until nothing is due and nothing runs; false when that takes longer.
    [[nodiscard]] bool drain(std::chrono::milliseconds limit) {
        std::unique_lock guard(lock_);
        return idle_.wait_for(guard, limit, [&] { return running_ == 0 && !due(); });
    }
    [[nodiscard]] std::vector<std::string> log() const {
        const std::lock_guard guard(lock_);
        return log_;
    }

  private:
    using clock = std::chrono::steady_clock;
    struct job {
        void (*fn)(void*);
        void* arg;
        std::uint64_t id;
    };

    static fake_host& of(const tw_host* host) { return *static_cast<fake_host*>(host->ctx); }
    [[nodiscard]] bool due() const {
        return !jobs_.empty() && jobs_.begin()->first <= clock::now();
    }

    void set_held(bool held) {
        {
            const std::lock_guard guard(lock_);
            held_ = held;
        }
        wake_.notify_all();
    }
    std::uint64_t put(clock::time_point when, void (*fn)(void*), void* arg) {
        std::uint64_t id = 0;
        {
            const std::lock_guard guard(lock_);
            if (stopping_) return 0;
            id = ++last_id_;
            jobs_.emplace(when, job{fn, arg, id});
        }
        wake_.notify_one();
        return id;
    }
    void work() {
        std::unique_lock guard(lock_);
        for (;;) {
            if (!held_ && due()) {
                const auto next = jobs_.extract(jobs_.begin()).mapped();
                ++running_;
                guard.unlock();
                next.fn(next.arg);
                guard.lock();
                --running_;
                idle_.notify_all();
            } else if (stopping_) {
                return;
            } else if (held_ || jobs_.empty()) {
                wake_.wait(guard);
            } else {
                const auto when = jobs_.begin()->first; // a copy: the job may go while we wait
                wake_.wait_until(guard, when);
            }
        }
    }

    static const void* service(const tw_host*, const char* wanted) {
        static const tw_host_log log{
            sizeof(tw_host_log),
            [](const tw_host* host, std::int32_t, tw_str line) {
                auto& self = of(host);
                const std::lock_guard guard(self.lock_);
                self.log_.emplace_back(line.data, line.size);
            },
            [](const tw_host*, std::int32_t) -> std::int32_t { return 1; }};
        static const tw_host_executor executor{
            sizeof(tw_host_executor),
            [](const tw_host* host, void (*fn)(void*), void* arg, tw_error*) -> tw_code {
                return of(host).put(clock::now(), fn, arg) != 0 ? TW_OK : TW_UNAVAILABLE;
            }};
        static const tw_host_timer timer{
            sizeof(tw_host_timer),
            [](const tw_host* host, std::int64_t delay_ms, void (*fn)(void*), void* arg) {
                return of(host).put(clock::now() + std::chrono::milliseconds{delay_ms}, fn, arg);
            },
            [](const tw_host* host, std::uint64_t id) -> std::int32_t {
                auto& self = of(host);
                const std::lock_guard guard(self.lock_);
                for (auto at = self.jobs_.begin(); at != self.jobs_.end(); ++at)
                    if (at->second.id == id) return self.jobs_.erase(at), 1;
                return 0;
            }};
        static const tw_host_secret secret{
            sizeof(tw_host_secret),
            [](const tw_host* host, tw_str name, const tw_writer* out, tw_error*) -> tw_code {
                const auto& all = of(host).secrets;
                const auto at = all.find(std::string(name.data, name.size));
                if (at == all.end()) return TW_NOT_FOUND;
                out->write(out, {at->second.data(), at->second.size()});
                return TW_OK;
            }};
        static const tw_host_http http{
            sizeof(tw_host_http),
            [](const tw_host* host, const tw_http_request* request, const tw_http_events* events,
               tw_error*) -> tw_code {
                auto job = of(host).servers.take(*request, events);
                if (of(host).put(clock::now(), &scripted_http::delivery::run, job.get()) == 0)
                    return TW_UNAVAILABLE;
                static_cast<void>(job.release()); // run() owns it now
                return TW_OK;
            }};
        const std::string_view id = wanted == nullptr ? "" : wanted;
        if (id == TW_HOST_HTTP_V1) return &http;
        if (id == TW_HOST_LOG_V1) return &log;
        if (id == TW_HOST_EXECUTOR_V1) return &executor;
        if (id == TW_HOST_TIMER_V1) return &timer;
        if (id == TW_HOST_SECRET_V1) return &secret;
        return nullptr;
    }

    tw_host abi_{};
    mutable std::mutex lock_;
    std::condition_variable wake_, idle_;
    std::multimap<clock::time_point, job> jobs_;
    std::vector<std::string> log_;
    std::uint64_t last_id_ = 0;
    int running_ = 0;
    bool held_ = false, stopping_ = false;
    std::thread workers_[2];
};

} // namespace tw::testkit
