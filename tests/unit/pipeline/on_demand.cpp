// Models that are loaded when they are asked for: who waits, who makes room, who stays.
#include <atomic>
#include <map>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "pipeline/on_demand_pipeline.hpp"
#include "unit/pipeline/found.hpp"
#include "unit/pipeline/listener.hpp"
#include "unit/pipeline/scripted_pipeline.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;

namespace {

/// Up to three models of 10 bytes each; what a load does is set before.
struct shelf {
    explicit shelf(std::uint64_t bytes, std::optional<std::chrono::milliseconds> idle_timeout = {}) : all(std::make_shared<model_shelf>(bytes)) {
        for (const char* name : {"a", "b", "c"}) {
            shelf_item item{.name = name, .load = [this, name](const auto& progress) { return load(name, progress); }, .bytes = 10,
                            .idle_timeout = idle_timeout, .queue = 3};
            models[name] = std::make_unique<on_demand_pipeline>(all, std::vector<std::string>{name}, std::move(item));
        }
        all.reset();
    }

    result<std::shared_ptr<pipeline>> load(const std::string& name, const std::function<bool(float)>& progress) {
        {
            std::unique_lock lock(mutex);
            ++loads[name];
            loading = true;
            changed.notify_all();
            while (!door) {
                if (!progress(0.5F)) return fail(code::cancelled, "The load was given up.");
                changed.wait_for(lock, 1ms);
            }
        }
        if (broken) return fail(code::unavailable, "The file of " + name + " is gone.");
        auto made = std::make_shared<scripted_pipeline>(name);
        made->plays(how);
        const std::lock_guard lock(mutex);
        live[name] = made;
        return made;
    }
    std::string state(const std::string& name) { return models[name]->status()["load"]["state"]; }
    bool is(const std::string& name, const std::string& wanted) {
        for (int i = 0; i < 2000 && state(name) != wanted; ++i) std::this_thread::sleep_for(5ms);
        return state(name) == wanted;
    }
    /// One whole answer, and the model given back.
    generation_result ask(const std::string& name) {
        auto end = begin(*models[name]).heard->wait();
        for (int i = 0; i < 2000 && models[name]->status()["load"]["running"] != 0; ++i) std::this_thread::sleep_for(5ms);
        return end;
    }
    void open(bool wide) {
        const std::lock_guard lock(mutex);
        door = wide;
        changed.notify_all();
    }
    void wait_loading() {
        std::unique_lock lock(mutex);
        REQUIRE(changed.wait_for(lock, 10s, [this] { return loading.load(); }));
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool door = true;
    std::atomic<bool> loading = false, broken = false;
    script how;
    std::map<std::string, int> loads;
    std::map<std::string, std::weak_ptr<scripted_pipeline>> live;
    std::shared_ptr<model_shelf> all;
    std::map<std::string, std::unique_ptr<on_demand_pipeline>> models;
};

} // namespace

TEST_CASE("the first request loads the model and waits for it, the next ones find it loaded") {
    shelf on(100);
    CHECK(on.state("a") == "unloaded");
    CHECK(begin(*on.models["a"]).heard->wait().reason == finish_reason::stop);
    CHECK(on.state("a") == "loaded");
    const auto again = begin(*on.models["a"]);
    CHECK(again.heard->wait().reason == finish_reason::stop);
    CHECK(again.heard->said() == story("tell", 7));
    CHECK(on.loads["a"] == 1);
    CHECK(on.models["a"]->status()["of"] == "a"); // the inner one's own figures
    CHECK(on.state("b") == "unloaded");
}

TEST_CASE("as many as the queue holds wait for a load, each may give up, and all are served by it") {
    shelf on(100);
    on.open(false);
    const auto first = begin(*on.models["a"]), second = begin(*on.models["a"]), third = begin(*on.models["a"]);
    on.wait_loading();
    CHECK(on.state("a") == "loading");
    const auto fourth = begin(*on.models["a"]);
    REQUIRE(fourth.running.has_error());
    CHECK(fourth.running.error().code == code::busy);
    (*second.running)->cancel();
    CHECK(second.heard->wait().reason == finish_reason::cancelled);
    on.open(true);
    CHECK(first.heard->wait().reason == finish_reason::stop);
    CHECK(third.heard->wait().reason == finish_reason::stop);
    CHECK(second.heard->ends() == 1);
    CHECK(on.loads["a"] == 1);
}

TEST_CASE("the model that was used longest ago makes room, never one that is in use") {
    shelf on(20);
    for (const char* name : {"a", "b", "a"}) on.ask(name);
    CHECK(on.ask("c").reason == finish_reason::stop);
    CHECK(on.state("b") == "unloaded");
    CHECK(on.live["b"].expired());
    CHECK(on.state("a") == "loaded");

    on.how.hang_after = 1;
    const auto used = begin(*on.models["b"]); // a goes
    REQUIRE(on.is("b", "loaded"));
    CHECK(on.state("a") == "unloaded");
    on.ask("c"); // it was loaded before answers hang
    const auto waits = begin(*on.models["a"]); // c goes, because b is in use
    REQUIRE(on.is("a", "loaded"));
    CHECK(on.state("b") == "loaded");
    CHECK(on.state("c") == "unloaded");
    const auto blocked = begin(*on.models["c"]); // both are in use
    CHECK(on.state("c") == "unloaded");
    CHECK(blocked.heard->ends() == 0);
    (*used.running)->cancel();
    CHECK(used.heard->wait().reason == finish_reason::cancelled);
    REQUIRE(on.is("c", "loaded"));
    CHECK(on.state("b") == "unloaded");
}

TEST_CASE("who waits for memory gets it, although others go on asking for the model that has it") {
    shelf on(10);
    on.how.hang_after = 1;
    const auto used = begin(*on.models["a"]);
    REQUIRE(on.is("a", "loaded"));
    const auto waits = begin(*on.models["b"]);
    REQUIRE(on.is("a", "leaving"));
    const auto later = begin(*on.models["a"]);
    (*used.running)->cancel();
    REQUIRE(on.is("b", "leaving")); // it has answered since, and is wanted no longer than its answer takes
    CHECK(on.state("a") == "unloaded");
    CHECK(later.heard->ends() == 0);
    (*waits.running)->cancel();
    REQUIRE(on.is("a", "loaded"));
    CHECK(on.state("b") == "unloaded");
    (*later.running)->cancel();
    CHECK(later.heard->wait().reason == finish_reason::cancelled);
}

TEST_CASE("a model is not loaded for those who have gone meanwhile") {
    shelf on(10);
    on.how.hang_after = 1;
    const auto used = begin(*on.models["a"]), gone = begin(*on.models["b"]);
    REQUIRE(on.is("a", "leaving"));
    (*gone.running)->cancel();
    (*used.running)->cancel();
    begin(*on.models["a"]);
    REQUIRE(on.is("a", "loaded"));
    CHECK(on.loads["a"] == 1);
    CHECK(on.loads["b"] == 0);
}

TEST_CASE("a model that is idle for its time goes, and comes back") {
    shelf on(100, 30ms);
    begin(*on.models["a"]).heard->wait();
    CHECK(on.is("a", "unloaded"));
    CHECK(on.live["a"].expired());
    CHECK(begin(*on.models["a"]).heard->wait().reason == finish_reason::stop);
    CHECK(on.loads["a"] == 2);
    on.how.hang_after = 1;
    begin(*on.models["b"]);
    REQUIRE(on.is("b", "loaded"));
    CHECK(on.is("a", "unloaded"));
    CHECK(on.state("b") == "loaded"); // somebody still waits for its answer
}

TEST_CASE("a load that fails is heard of, kept in the status, and tried again") {
    shelf on(100);
    on.broken = true;
    const auto failed = begin(*on.models["a"]);
    const auto end = failed.heard->wait();
    CHECK(end.reason == finish_reason::failed);
    CHECK(end.failure->message == "The file of a is gone.");
    CHECK(on.models["a"]->status()["load"]["last_failure"] == "The file of a is gone.");
    on.broken = false;
    CHECK(begin(*on.models["a"]).heard->wait().reason == finish_reason::stop);
    CHECK(on.models["a"]->status()["load"]["last_failure"] == "");
}

TEST_CASE("a model that is too large for all the memory is refused with both sizes") {
    shelf on(9);
    const auto end = begin(*on.models["a"]).heard->wait();
    REQUIRE(end.failure.has_value());
    CHECK(end.failure->code == code::unavailable);
    CHECK(end.failure->message.find("takes about 10 B and all models together may take 9 B") != std::string::npos);
    CHECK(on.loads["a"] == 0);
}

TEST_CASE("a question waits until the model is loaded") {
    shelf on(100);
    CHECK(found(*on.models["a"], count_question{}).error().code == code::unsupported); // the scripted one cannot
    CHECK(on.is("a", "loaded"));
}

TEST_CASE("what waits for a load, and the load, end with the pipeline") {
    shelf on(100);
    on.open(false);
    const auto first = begin(*on.models["a"]), second = begin(*on.models["b"]);
    on.wait_loading();
    on.models.clear();
    for (const auto* each : {&first, &second}) {
        CHECK(each->heard->wait().reason == finish_reason::failed);
        CHECK(each->heard->ends() == 1);
    }
    CHECK(on.loads["a"] == 1);
}

TEST_CASE("answers that run end with the pipeline") {
    shelf on(100);
    on.how.hang_after = 1;
    const auto running = begin(*on.models["a"]);
    REQUIRE(on.is("a", "loaded"));
    on.models.clear();
    CHECK(running.heard->wait().reason == finish_reason::cancelled);
}
