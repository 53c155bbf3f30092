// The process behind a pool, played by shell scripts: what it says is believed, what it does not say is found out.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <unistd.h>

#include "pooled/pool_process.hpp"
#include "support/scratch_folder.hpp"

using namespace tw::pooled;
using Catch::Matchers::ContainsSubstring;
using state = process_report::state;
using namespace std::chrono_literals;

namespace {

struct scratch : tw::test::scratch_folder {
    [[nodiscard]] process_options play(const std::string& script) const {
        process_options out;
        out.program = "/bin/sh";
        out.arguments = {"-c", "cd " + path().string() + "\n" + script};
        out.environment = {"TIGHTWAD_POOL_TOKEN=of-the-test"};
        out.log = path() / "pool.log";
        out.first_retry = 20ms;
        out.longest_retry = 100ms;
        return out;
    }
    [[nodiscard]] std::string log() const {
        std::ifstream in(path() / "pool.log");
        return {std::istreambuf_iterator<char>(in), {}};
    }
};

bool eventually(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

bool is_alive(int pid) { return std::filesystem::exists("/proc/" + std::to_string(pid)); }

} // namespace

TEST_CASE("a process that says it is ready is up, gets its token, and is ended with its owner") {
    const scratch here;
    int pid = -1;
    {
        pool_process one(here.play("echo tightwad-pool progress 0.5\necho token $TIGHTWAD_POOL_TOKEN\n"
                                   "while [ ! -e go ]; do sleep .02; done\necho tightwad-pool ready\nexec sleep 1000"));
        REQUIRE(eventually([&] { return one.now().progress == 0.5F; }));
        CHECK(one.now().now == state::starting);
        here.write("go");
        REQUIRE(eventually([&] { return one.now().now == state::up; }));
        CHECK(one.now().why.empty());
        CHECK(one.now().starts == 1);
        pid = one.now().pid;
        CHECK(is_alive(pid));
        CHECK_THAT(here.log(), ContainsSubstring("token of-the-test"));
    }
    CHECK_FALSE(is_alive(pid));
}

TEST_CASE("a process that says why it goes down is quoted, and started again until it is up") {
    const scratch here;
    pool_process one(here.play("if [ -e worker ]; then echo tightwad-pool ready; exec sleep 1000; fi\n"
                               "echo tightwad-pool down No rpc-server answers at 10.0.0.1:50052.\nexit 1"));
    REQUIRE(eventually([&] { return one.now().starts > 2; }));
    CHECK(one.now().now == state::down);
    CHECK(one.now().why == "No rpc-server answers at 10.0.0.1:50052.");
    CHECK_FALSE(one.now().by_itself);
    here.write("worker");
    REQUIRE(eventually([&] { return one.now().now == state::up; }));
    CHECK(one.now().why.empty());

    std::filesystem::remove(here.path() / "worker");
    ::kill(one.now().pid, SIGABRT); // as libllama would
    REQUIRE(eventually([&] { return one.now().now == state::down; }));
    CHECK(one.now().pid != 0);
    REQUIRE(eventually([&] { return one.now().why == "No rpc-server answers at 10.0.0.1:50052."; }));
}

TEST_CASE("a process that dies without a word is told by its code and its last line") {
    const scratch here;
    pool_process one(here.play("echo ggml-rpc.cpp:584: Remote RPC server crashed\nkill -ABRT $$"));
    REQUIRE(eventually([&] { return one.now().now == state::down && !one.now().why.empty(); }));
    CHECK(one.now().why ==
          "The process that holds the model ended with code 134 (ggml-rpc.cpp:584: Remote RPC server crashed).");
    CHECK(one.now().by_itself);
}

TEST_CASE("what a process says first of its end is believed, be it a worker's fault or its own") {
    const scratch here;
    auto options = here.play("echo some words\necho tightwad-pool failed There is no room.\necho tightwad-pool down It is away.\nexit 1");
    options.first_retry = 1h;
    pool_process one(options);
    REQUIRE(eventually([&] { return one.now().now == state::down && one.now().pid == -1; }));
    CHECK(one.now().why == "There is no room.");
    CHECK(one.now().by_itself);
    CHECK(one.now().last_lines == std::deque<std::string>{"some words"});
    auto other = here.play("echo tightwad-pool down It is away.\necho tightwad-pool failed There is no room.\nexit 1");
    other.first_retry = 1h;
    one.replace(other);
    CHECK_FALSE(one.now().by_itself);
    REQUIRE(eventually([&] { return one.now().now == state::down && one.now().pid == -1; }));
    CHECK(one.now().why == "It is away.");
    CHECK_FALSE(one.now().by_itself);
}

TEST_CASE("a program that cannot be run is said, and a process that ignores SIGTERM ends all the same") {
    const scratch here;
    auto options = here.play("");
    options.program = here.path() / "none";
    {
        pool_process one(options);
        REQUIRE(eventually([&] { return one.now().now == state::down; }));
        CHECK_THAT(one.now().why, ContainsSubstring("cannot be run"));
    }
    int pid = -1;
    {
        pool_process stubborn(here.play("trap '' TERM\necho tightwad-pool ready\nwhile :; do sleep .1; done"));
        REQUIRE(eventually([&] { return stubborn.now().now == state::up; }));
        pid = stubborn.now().pid;
    }
    CHECK_FALSE(is_alive(pid));
}

TEST_CASE("another process takes the place of one that is up, of one that is down and of one that does not start") {
    const scratch here;
    const auto first = here.play("echo one line\necho tightwad-pool ready\nexec sleep 1000");
    const auto second = here.play("while [ ! -e go ]; do sleep .02; done\necho tightwad-pool ready\nexec sleep 1000");
    pool_process one(first);
    REQUIRE(eventually([&] { return one.now().now == state::up; }));
    const int before = one.now().pid;
    one.replace(second);
    CHECK(one.now().now == state::starting); // from here on it is about the second
    REQUIRE(eventually([&] { return one.now().starts == 2; }));
    CHECK_FALSE(is_alive(before));
    CHECK(one.now().now == state::starting);
    here.write("go");
    REQUIRE(eventually([&] { return one.now().now == state::up; }));

    std::string talk;
    for (int i = 0; i < 12; ++i) talk += "echo line " + std::to_string(i) + "\n";
    auto failing = here.play(talk + "echo tightwad-pool down There is no room.\nexit 1");
    failing.first_retry = failing.longest_retry = 1h;
    one.replace(failing);
    REQUIRE(eventually([&] { return one.now().now == state::down; }));
    CHECK(one.now().why == "There is no room.");
    const auto last = one.now().last_lines;
    REQUIRE(last.size() == 8);
    CHECK(last.front() == "line 4");
    CHECK(last.back() == "line 11");

    auto missing = failing;
    missing.program = here.path() / "none";
    one.replace(missing); // at once, although the next try was an hour away
    REQUIRE(eventually([&] { return one.now().why.find("cannot be run") != std::string::npos; }));
    one.replace(first);
    REQUIRE(eventually([&] { return one.now().now == state::up; }));
    CHECK(one.now().last_lines == std::deque<std::string>{"one line"});
}

TEST_CASE("a warning is kept while the process that gave it runs") {
    const scratch here;
    pool_process one(here.play("echo tightwad-pool ready\necho tightwad-pool warning Two builds.\nexec sleep 1000"));
    REQUIRE(eventually([&] { return one.now().warnings == std::vector<std::string>{"Two builds."}; }));
    CHECK(one.now().now == state::up);
    one.replace(here.play("echo tightwad-pool ready\nexec sleep 1000"));
    REQUIRE(eventually([&] { return one.now().now == state::up; }));
    CHECK(one.now().warnings.empty());
}

TEST_CASE("of processes that follow each other fast the last one stays, and an owner that goes leaves none") {
    const scratch here;
    for (int round = 0; round < 5; ++round) {
        pool_process one(here.play("echo tightwad-pool ready\nexec sleep 1000"));
        for (int i = 0; i < 20; ++i) one.replace(here.play("echo $$ >>pids\necho tightwad-pool progress 0." + std::to_string(i + 10) + "\nexec sleep 1000"));
        if (round > 0) REQUIRE(eventually([&] { return one.now().progress == 0.29F; }));
    }
    std::ifstream pids(here.path() / "pids");
    for (int pid = 0; pids >> pid;) CHECK_FALSE(is_alive(pid));
}
