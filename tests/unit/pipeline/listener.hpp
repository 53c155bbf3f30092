// Hears one answer and waits for its end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "pipeline/pipeline.hpp"

namespace tw::test {

class listener final : public generation_sink {
  public:
    void text(std::string_view piece) override {
        const std::lock_guard lock(mutex_);
        said_ += piece;
    }
    void done(generation_result result) override {
        const std::lock_guard lock(mutex_);
        ++ends_;
        end_ = std::move(result);
        changed_.notify_all();
    }
    /// Its end; waits ten seconds for it.
    generation_result wait() {
        REQUIRE(ended());
        const std::lock_guard lock(mutex_);
        return *end_;
    }
    /// Whether it ends within ten seconds; for threads, in which nothing may be asserted.
    bool ended() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return end_.has_value(); });
    }
    [[nodiscard]] int ends() const {
        const std::lock_guard lock(mutex_);
        return ends_;
    }
    [[nodiscard]] std::string said() const {
        const std::lock_guard lock(mutex_);
        return said_;
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string said_;
    std::optional<generation_result> end_;
    int ends_ = 0;
};

/// A request begun, and who hears its answer.
struct begun {
    std::shared_ptr<listener> heard = std::make_shared<listener>();
    result<std::shared_ptr<generation>> running = fail(code::internal, "not begun");
};

inline begun begin(pipeline& where, const std::string& prompt = "tell|") {
    begun out;
    generation_request request;
    request.input = prompt;
    request.sampling.seed = 7;
    out.running = where.start(std::move(request), out.heard);
    return out;
}

} // namespace tw::test
