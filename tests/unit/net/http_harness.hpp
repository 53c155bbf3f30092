// What the tests of the HTTP client share: requests, and what came of them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "net/http_client.hpp"

namespace tw::test {

// What came of one request.
class heard {
  public:
    net::web_events events() {
        return {.head = [this](const net::web_head& head) { with([&] { head_ = head; }); },
                .chunk = [this](std::string_view bytes) { with([&] { chunks_.emplace_back(bytes); }); },
                .cancelled = [this] { return gone.load(); },
                .done = [this](std::optional<error> problem) {
                    with([&] {
                        ++dones_;
                        problem_ = std::move(problem);
                    });
                }};
    }
    // Waits for the end, 20 s at most.
    void wait() {
        std::unique_lock guard(lock_);
        REQUIRE(changed_.wait_for(guard, std::chrono::seconds{20}, [&] { return dones_ > 0; }));
        CHECK(dones_ == 1);
    }
    std::vector<std::string> wait_chunks(std::size_t count) {
        std::unique_lock guard(lock_);
        changed_.wait_for(guard, std::chrono::seconds{20}, [&] { return chunks_.size() >= count; });
        return chunks_;
    }
    std::string body() {
        const std::lock_guard guard(lock_);
        std::string out;
        for (const auto& one : chunks_) out += one;
        return out;
    }
    error failure() {
        wait();
        return problem_.value_or(fail(code::internal, "it did not fail"));
    }
    [[nodiscard]] bool whole() {
        wait();
        if (problem_) UNSCOPED_INFO(problem_->message);
        return !problem_;
    }
    [[nodiscard]] const net::web_head& head() const { return head_; }

    std::atomic<bool> gone{false};

  private:
    template <class Change> void with(Change change) {
        const std::lock_guard guard(lock_);
        change();
        changed_.notify_all();
    }
    std::mutex lock_;
    std::condition_variable changed_;
    net::web_head head_;
    std::vector<std::string> chunks_;
    std::optional<error> problem_;
    int dones_ = 0;
};

inline net::web_request get(const std::string& url) {
    net::web_request out;
    out.url = url;
    out.author = net::url_author::operator_of_this_host;
    return out;
}

inline net::web_request post(const std::string& url, std::string body) {
    auto out = get(url);
    out.method = "POST";
    out.body = std::move(body);
    out.headers = {{"Content-Type", "application/json"}};
    return out;
}

inline void begin(net::http_client& client, net::web_request request, heard& answer) {
    const auto begun = client.start(std::move(request), answer.events());
    if (!begun) FAIL(begun.error().message);
}

// A request on a client of its own, to its end.
inline error failure_of(net::web_request request) {
    net::http_client client;
    heard answer;
    begin(client, std::move(request), answer);
    return answer.failure();
}

} // namespace tw::test
