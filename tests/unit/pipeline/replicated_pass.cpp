// Requests that are passed on over several servers: who gets them, and where they stay.
#include "pipeline/replica_pipeline.hpp"

#include <catch2/catch_test_macros.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

using namespace tw;

namespace {

// Does with a request what a test says.
class server final : public pipeline {
  public:
    using act = std::function<result<std::shared_ptr<generation>>(std::shared_ptr<pass_sink>)>;
    explicit server(act does) : does_(std::move(does)) {}

    const std::string& name() const override { return serves_.front(); }
    const std::vector<std::string>& serves() const override { return serves_; }
    nlohmann::json status() const override { return {}; }
    result<std::shared_ptr<generation>> start(generation_request, std::shared_ptr<generation_sink>) override {
        return fail(code::unsupported, "No answers here.");
    }
    result<std::shared_ptr<generation>> pass(std::shared_ptr<const pass_request>, std::shared_ptr<pass_sink> sink) override {
        ++asked;
        return does_(std::move(sink));
    }
    int asked = 0;

  private:
    const std::vector<std::string> serves_{"m"};
    const act does_;
};

// What a client was told; waits for the end.
class client final : public pass_sink {
  public:
    void head(pass_head head) override { add(std::to_string(head.status) + ' '); }
    void bytes(std::string_view piece) override { add(std::string(piece) + ' '); }
    [[nodiscard]] bool full() const override { return true; }
    void done(std::optional<error> failure) override {
        const std::lock_guard lock(mutex_);
        said_ += failure ? failure->message : "whole";
        over_ = true;
        changed_.notify_all();
    }
    std::string heard() {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, std::chrono::seconds{20}, [this] { return over_; }));
        return said_;
    }

  private:
    void add(const std::string& what) {
        const std::lock_guard lock(mutex_);
        said_ += what;
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string said_;
    bool over_ = false;
};

server::act says(std::string words, std::optional<error> end = std::nullopt) {
    return [=](const std::shared_ptr<pass_sink>& to) {
        if (!words.empty()) {
            to->head({200});
            to->bytes(words + (to->full() ? "" : " not full"));
        }
        to->done(end);
        return result<std::shared_ptr<generation>>(std::make_shared<answered>());
    };
}

server::act refuses(code why, const std::string& sentence) {
    return [=](const std::shared_ptr<pass_sink>&) -> result<std::shared_ptr<generation>> { return fail(why, sentence); };
}

struct setting {
    explicit setting(std::vector<server::act> acts, std::vector<bool> up = {}) {
        std::vector<replica> all;
        for (std::size_t i = 0; i < acts.size(); ++i) {
            servers.push_back(std::make_shared<server>(std::move(acts[i])));
            const bool is_up = up.empty() || up[i];
            all.push_back({"r" + std::to_string(i), servers.back(), [is_up] { return is_up; }, {}});
        }
        made = std::make_unique<replica_pipeline>("p", std::vector<std::string>{"m"}, std::move(all), failover::same_bytes);
    }
    result<std::shared_ptr<generation>> begin() {
        return made->pass(std::make_shared<pass_request>(pass_request{.target = "/v1/x"}), heard);
    }
    // What is heard, or the refusal.
    std::string ask() {
        const auto begun = begin();
        return begun ? heard->heard() : "refused: " + begun.error().message;
    }
    std::vector<std::shared_ptr<server>> servers;
    std::unique_ptr<replica_pipeline> made;
    std::shared_ptr<client> heard = std::make_shared<client>();
};

const auto gone = fail(code::unavailable, "Gone.");

} // namespace

TEST_CASE("passed on to the first replica that is up, takes it and can be reached") {
    CHECK(setting({says("a"), says("b")}).ask() == "200 a whole");
    CHECK(setting({says("a"), says("b")}, {false, true}).ask() == "200 b whole");
    CHECK(setting({refuses(code::unsupported, "No server."), says("b")}).ask() == "200 b whole");
    CHECK(setting({says("", gone), refuses(code::busy, "Busy."), says("c")}).ask() == "200 c whole");
    for (const auto why : {code::timed_out, code::corrupt})
        CHECK(setting({says("", fail(why, "Silent.")), says("b")}).ask() == "200 b whole");
}

TEST_CASE("what has begun to be answered, or is the request's own fault, stays where it is") {
    setting broken({says("a", gone), says("b")});
    CHECK(broken.ask() == "200 a Gone.");
    CHECK(broken.servers[1]->asked == 0);
    CHECK(setting({says("", fail(code::invalid_argument, "Odd.")), says("b")}).ask() == "Odd.");
    CHECK(setting({refuses(code::invalid_argument, "Odd."), says("b")}).ask() == "refused: Odd.");
}

TEST_CASE("when no replica takes what is passed on, the sentence is of one that may take it later") {
    CHECK(setting({says("", gone), refuses(code::unsupported, "No server.")}).ask() == "Gone.");
    CHECK(setting({refuses(code::unsupported, "No server."), refuses(code::unsupported, "Nor here.")}).ask() == "refused: Nor here.");
    CHECK(setting({says("a")}, {false}).ask().starts_with("refused: No replica of pipeline \"p\" is up"));
}

TEST_CASE("who leaves what is passed on is not asked for elsewhere, and the pipeline waits for the end") {
    for (int round = 0; round < 50; ++round) {
        struct running final : generation {
            explicit running(std::shared_ptr<pass_sink> to) : to_(std::move(to)) {}
            void cancel() override {
                if (!worker.joinable()) worker = std::thread([this] { to_->done(gone); });
            }
            ~running() override {
                if (worker.joinable()) worker.join();
            }
            std::shared_ptr<pass_sink> to_;
            std::thread worker;
        };
        std::shared_ptr<generation> open; // keeps the thread's owner beyond the end
        setting all({[&](const std::shared_ptr<pass_sink>& to) -> result<std::shared_ptr<generation>> {
                         open = std::make_shared<running>(to);
                         return open;
                     },
                     says("b")});
        const auto begun = all.begin();
        REQUIRE(begun.has_value());
        if (round % 2 == 0) (*begun)->cancel();
        all.made.reset(); // cancels, in the other rounds
        CHECK(all.heard->heard() == "Gone.");
        CHECK(all.servers[1]->asked == 0);
        open.reset();
    }
}
