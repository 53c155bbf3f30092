// The host's services under C++ names: log, executor, timer, secret.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tightwad/abi/host/executor.h>
#include <tightwad/abi/host/log.h>
#include <tightwad/abi/host/secret.h>
#include <tightwad/abi/host/timer.h>
#include <tightwad/sdk/error.hpp>

namespace tw::sdk {

class delayed_call;

// A cheap handle, valid until the instance it was given to is destroyed. Any thread. Log lines are
// dropped when the host has no log; a missing executor or timer is TW_UNSUPPORTED.
class host {
  public:
    explicit host(const tw_host* raw)
        : raw_(raw), log_(find<tw_host_log>(TW_HOST_LOG_V1)),
          executor_(find<tw_host_executor>(TW_HOST_EXECUTOR_V1)),
          timer_(find<tw_host_timer>(TW_HOST_TIMER_V1)),
          secret_(find<tw_host_secret>(TW_HOST_SECRET_V1)) {}

    // One event, key=value; no prompts, keys or tokens at info and above.
    void debug(std::string_view line) const { log(TW_LOG_DEBUG, line); }
    void info(std::string_view line) const { log(TW_LOG_INFO, line); }
    void warn(std::string_view line) const { log(TW_LOG_WARN, line); }
    void error(std::string_view line) const { log(TW_LOG_ERROR, line); }
    void log(int level, std::string_view line) const {
        if (log_ != nullptr) log_->write(raw_, level, str(line));
    }
    [[nodiscard]] bool logs(int level) const {
        return log_ != nullptr && log_->enabled(raw_, level) != 0;
    }

    // Runs `work` once on a pool thread; throws TW_BUSY or TW_UNAVAILABLE and then never runs it.
    // What `work` throws is logged.
    void post(std::function<void()> work) const;

    // Runs `work` once on a pool thread, no earlier than `delay` from now, if the handle lives that
    // long and the host does not stop. Throws TW_UNAVAILABLE when it is stopping already.
    [[nodiscard]] delayed_call after(std::chrono::milliseconds delay,
                                     std::function<void()> work) const;

    // The secret that the instance's table names by reference; TW_NOT_FOUND when there is none.
    [[nodiscard]] std::string secret(std::string_view name) const {
        if (secret_ == nullptr) throw failure{TW_UNSUPPORTED, "The host offers no secrets."};
        text_collector out;
        tw_error problem{};
        problem.size = sizeof problem;
        const auto code = secret_->get(raw_, str(name), out.get(), &problem);
        if (code != TW_OK) throw failure{code, problem.message};
        return std::move(out.text());
    }

    [[nodiscard]] const tw_host* raw() const { return raw_; }

  private:
    friend class delayed_call;
    struct task;

    template <class Service> [[nodiscard]] const Service* find(const char* id) const {
        if (raw_ == nullptr || raw_->service == nullptr) return nullptr;
        return static_cast<const Service*>(raw_->service(raw_, id));
    }

    const tw_host* raw_;
    const tw_host_log* log_;
    const tw_host_executor* executor_;
    const tw_host_timer* timer_;
    const tw_host_secret* secret_;
};

struct host::task {
    host owner;
    std::function<void()> work;

    static void run(void* arg) noexcept {
        const std::unique_ptr<task> self(static_cast<task*>(arg));
        try {
            self->work();
        } catch (const std::exception& e) {
            self->owner.error(std::string("event=task_failed error=\"") + e.what() + "\"");
        } catch (...) {
            self->owner.error("event=task_failed error=unknown");
        }
    }
};

inline void host::post(std::function<void()> work) const {
    if (executor_ == nullptr) throw failure{TW_UNSUPPORTED, "The host offers no executor."};
    auto job = std::make_unique<task>(task{*this, std::move(work)});
    tw_error problem{};
    problem.size = sizeof problem;
    const auto code = executor_->post(raw_, &task::run, job.get(), &problem);
    if (code != TW_OK)
        throw failure{code, problem.message, std::chrono::milliseconds{problem.retry_after_ms}};
    static_cast<void>(job.release()); // run() owns it now
}

// A call that host::after arranged. Destroying it cancels the call when it has not begun; it does
// not wait for one that runs. Must not outlive the instance.
class delayed_call {
  public:
    delayed_call() = default;
    delayed_call(delayed_call&& other) noexcept { swap(other); }
    delayed_call& operator=(delayed_call&& other) noexcept {
        delayed_call gone(std::move(other));
        swap(gone);
        return *this;
    }
    ~delayed_call() {
        if (id_ != 0 && service_->cancel(host_, id_) != 0) delete job_; // else run() owns it
    }

  private:
    friend class host;

    delayed_call(const tw_host* owner, const tw_host_timer* service, std::uint64_t id,
                 host::task* job)
        : host_(owner), service_(service), id_(id), job_(job) {}
    void swap(delayed_call& other) noexcept {
        std::swap(host_, other.host_);
        std::swap(service_, other.service_);
        std::swap(id_, other.id_);
        std::swap(job_, other.job_);
    }

    const tw_host* host_ = nullptr;
    const tw_host_timer* service_ = nullptr;
    std::uint64_t id_ = 0;
    host::task* job_ = nullptr;
};

inline delayed_call host::after(std::chrono::milliseconds delay, std::function<void()> work) const {
    if (timer_ == nullptr) throw failure{TW_UNSUPPORTED, "The host offers no timer."};
    auto job = std::make_unique<task>(task{*this, std::move(work)});
    const auto id = timer_->start(raw_, delay.count(), &task::run, job.get());
    if (id == 0) throw failure{TW_UNAVAILABLE, "The host is stopping."};
    return {raw_, timer_, id, job.release()};
}

} // namespace tw::sdk
