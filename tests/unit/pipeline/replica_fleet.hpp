// Replicas whose presence and digests a test sets, and who hears one answer of theirs.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "pipeline/replica_pipeline.hpp"
#include "unit/pipeline/scripted_pipeline.hpp"

namespace tw::test {

struct told final : generation_sink {
    std::mutex mutex;
    std::condition_variable changed;
    std::string all;
    std::vector<generation_result> ends;
    int extras = 0;
    bool late = false;
    std::atomic<int> inside = 0;
    std::atomic<bool> overlap = false;

    struct visit {
        explicit visit(told& which) : whose(which) {
            if (whose.inside++ > 0) whose.overlap = true;
        }
        ~visit() { --whose.inside; }
        told& whose;
    };
    void text(std::string_view piece) override {
        const visit here(*this);
        const std::lock_guard lock(mutex);
        if (!ends.empty()) late = true;
        all += piece;
        changed.notify_all();
    }
    void call(tool_call_piece piece) override {
        const visit here(*this);
        const std::lock_guard lock(mutex);
        if (!ends.empty()) late = true;
        all += '[' + piece.more.name + ']';
    }
    void extra(std::string_view, bool) override {
        const visit here(*this);
        const std::lock_guard lock(mutex);
        ++extras;
    }
    void done(generation_result outcome) override {
        const visit here(*this);
        const std::lock_guard lock(mutex);
        ends.push_back(std::move(outcome));
        changed.notify_all();
    }
    generation_result wait() {
        std::unique_lock lock(mutex);
        REQUIRE(changed.wait_for(lock, std::chrono::seconds{10}, [this] { return !ends.empty(); }));
        return ends.front();
    }
    std::string said() {
        const std::lock_guard lock(mutex);
        return all;
    }
};

/// Up to three replicas whose digests and presence a test sets.
struct fleet {
    explicit fleet(failover policy, std::size_t count = 2, std::array<std::string, 3> digests_ = {"d", "d", "d"},
                   bool in_order = false)
        : digests(std::move(digests_)) {
        for (std::size_t i = 0; i < count; ++i)
            machines.push_back(std::make_shared<scripted_pipeline>(std::string(1, static_cast<char>('a' + i))));
        std::vector<replica> all;
        for (std::size_t i = 0; i < count; ++i)
            all.push_back({machines[i]->name(), machines[i], [this, i] { return up[i].load(); },
                           [this, i] { return digests[i]; }});
        models = std::make_unique<replica_pipeline>("chat", std::vector<std::string>{"model"}, std::move(all), policy,
                                                    in_order);
    }

    std::vector<std::shared_ptr<scripted_pipeline>> machines;
    std::array<std::atomic<bool>, 3> up{true, true, true};
    std::array<std::string, 3> digests;
    std::unique_ptr<replica_pipeline> models;

    scripted_pipeline& a() { return *machines[0]; }
    scripted_pipeline& b() { return *machines[1]; }
    scripted_pipeline& c() { return *machines[2]; }
};

inline generation_request asks(std::variant<std::vector<chat_message>, std::string, token_ids> input = std::string("tell|")) {
    generation_request request;
    request.input = std::move(input);
    request.sampling.seed = 7;
    return request;
}

struct outcome {
    std::string text;
    generation_result result;
};

inline outcome ask(fleet& all, generation_request request = asks()) {
    auto sink = std::make_shared<told>();
    REQUIRE(all.models->start(std::move(request), sink).has_value());
    auto result = sink->wait();
    return {sink->said(), std::move(result)};
}

inline script failing(std::size_t after, tw::code with = code::unavailable) {
    script out;
    out.fail_after = after;
    out.fails_with = with;
    return out;
}

inline script refusing(tw::code why, std::chrono::milliseconds retry_after = std::chrono::milliseconds{0}) {
    script out;
    out.refuse = error{.code = why, .message = "No.", .retry_after = retry_after};
    return out;
}

inline script hanging(std::size_t after) {
    script out;
    out.hang_after = after;
    return out;
}

inline const std::string whole = story("tell", 7);

} // namespace tw::test
