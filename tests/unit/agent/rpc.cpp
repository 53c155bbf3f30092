// rpc-servers: what may be started, that it is watched, and that nothing outlives its owner.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <csignal>
#include <cstdint>
#include <set>

#include <sys/wait.h>

#include "agent/rpc_servers.hpp"
#include "harness.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace tw::test;

namespace {

std::string body(std::uint16_t port) { return "{\"port\":" + std::to_string(port) + "}"; }

} // namespace

TEST_CASE("an rpc-server is started on loopback with nothing of ours, listed, and ended") {
    const agent_folder here;
    ::setenv("TIGHTWAD_PEER_TOKEN", "secret", 1);
    tw::agent::agent agent(here.options());
    const auto port = free_port();
    const auto started = ask(agent, "POST", "/v1/peer/rpc/start", 200,
                             R"({"port":)" + std::to_string(port) + R"(,"device":"CPU,CUDA0"})");
    ::unsetenv("TIGHTWAD_PEER_TOKEN");
    INFO(started.dump());
    REQUIRE(started.value("state", "") == "running");
    CHECK(started["listening"] == false);
    CHECK(started["device"] == "CPU,CUDA0");
    const int pid = started["pid"];
    CHECK(is_alive(pid));

    const auto listed = ask(agent, "GET", "/v1/peer/rpc")["rpc"];
    REQUIRE(listed.size() == 1);
    CHECK(listed[0]["port"] == port);
    const auto log = [&] {
        return ask(agent, "GET", "/v1/peer/logs?service=rpc-" + std::to_string(port) + "&lines=10")["lines"];
    };
    REQUIRE(eventually([&] { return log().size() == 2; }));
    CHECK(log()[0] == "arguments: --host 127.0.0.1 --port " + std::to_string(port) + " --threads " +
                          std::to_string(std::max(1U, std::thread::hardware_concurrency())) + " --device CPU,CUDA0");
    CHECK(log()[1] == "0 1 2 3 "); // 3 is what ls itself opened; no variable of Tightwad's stands between
    CHECK_THAT(refusal(agent, "POST", "/v1/peer/rpc/start", 409, body(port)), ContainsSubstring("already runs on port"));

    const auto stopped = ask(agent, "POST", "/v1/peer/rpc/stop", 200, body(port));
    CHECK(stopped["state"] == "exited");
    CHECK(stopped["code"] == 128 + SIGTERM);
    CHECK_FALSE(is_alive(pid));
    CHECK(ask(agent, "GET", "/v1/peer/rpc")["rpc"].empty());
    CHECK_THAT(refusal(agent, "POST", "/v1/peer/rpc/stop", 404, body(port)), ContainsSubstring("there is none"));
}

TEST_CASE("an rpc-server keeps weights on disk where the peer's table says so") {
    const agent_folder here;
    auto options = here.options();
    options.config.rpc_cache = true;
    options.config.rpc_threads = 1;
    tw::agent::agent agent(options);
    const auto port = std::to_string(ask(agent, "POST", "/v1/peer/rpc/start", 200, body(free_port()))["port"].get<int>());
    const auto first_line = [&]() -> std::string {
        const auto lines = ask(agent, "GET", "/v1/peer/logs?service=rpc-" + port)["lines"];
        return lines.empty() ? "" : lines[0].get<std::string>();
    };
    REQUIRE(eventually([&] { return !first_line().empty(); }));
    CHECK(first_line() == "arguments: --host 127.0.0.1 --port " + port + " --threads 1 --cache");
}

TEST_CASE("one that dies at once is answered with its last words, one that dies later is listed with its code") {
    const agent_folder here;
    auto options = here.options();
    options.rpc_start_patience = std::chrono::seconds{20};
    tw::agent::agent agent(options);
    here.behave("echo no memory for this; exit 3");
    CHECK_THAT(refusal(agent, "POST", "/v1/peer/rpc/start", 503, body(free_port())),
               ContainsSubstring("ended at once with code 3") && ContainsSubstring("no memory for this"));
    CHECK(ask(agent, "GET", "/v1/peer/rpc")["rpc"].empty());

    tw::agent::agent patient(here.options());
    here.behave("exec sleep 1000");
    const auto started = ask(patient, "POST", "/v1/peer/rpc/start", 200, body(free_port()));
    ::kill(started["pid"].get<int>(), SIGKILL);
    const auto first = [&] { return ask(patient, "GET", "/v1/peer/rpc")["rpc"][0]; };
    REQUIRE(eventually([&] { return first()["state"] == "exited"; }));
    CHECK(first()["code"] == 128 + SIGKILL);
    // The port may be used again, and a second stop of what has ended forgets it.
    CHECK(ask(patient, "POST", "/v1/peer/rpc/stop", 200, body(started["port"]))["code"] == 128 + SIGKILL);
    CHECK(ask(patient, "GET", "/v1/peer/rpc")["rpc"].empty());
}

TEST_CASE("what does not listen to SIGTERM is killed, and an agent that goes takes its processes with it") {
    const agent_folder here;
    tw::agent::rpc_servers servers({here.path() / "rpc-server", here.path() / "logs", std::chrono::milliseconds{100},
                                    std::chrono::milliseconds{200}});
    here.behave("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    const auto port = free_port();
    const auto started = servers.start(port, "");
    REQUIRE(started.has_value());
    REQUIRE(eventually([&] { return servers.list()[0].last_output.find("ready") != std::string::npos; }));
    CHECK(servers.stop(port)->exited == 128 + SIGKILL);

    here.behave("exec sleep 1000");
    std::vector<int> pids;
    {
        tw::agent::rpc_servers others({here.path() / "rpc-server", here.path() / "logs", std::chrono::milliseconds{1}});
        std::set<std::uint16_t> ports; // the script does not listen, so a port may be found free twice
        while (ports.size() < 17) ports.insert(free_port());
        const auto last = *ports.rbegin();
        ports.erase(last);
        for (const auto each : ports) {
            const auto one = others.start(each, "");
            REQUIRE(one.has_value());
            pids.push_back(one->pid);
        }
        const auto surplus = others.start(last, "");
        REQUIRE(surplus.has_error());
        CHECK_THAT(surplus.error().message, ContainsSubstring("already runs 16 rpc-servers"));
    }
    for (const int pid : pids) CHECK_FALSE(is_alive(pid));
}

TEST_CASE("an rpc-server that a signal holds is no way to compute until it goes on, and can be ended all the same") {
    const agent_folder here;
    tw::agent::agent agent(here.options());
    const auto started = ask(agent, "POST", "/v1/peer/rpc/start", 200, body(free_port()));
    const int pid = started["pid"];
    const auto way = [&] { return agent.tunnel("/v1/tunnel/rpc/" + std::to_string(started["port"].get<int>())); };
    const auto state = [&] { return ask(agent, "GET", "/v1/peer/rpc")["rpc"][0]["state"]; };
    const auto standing = way();
    REQUIRE(standing.port == started["port"]);
    CHECK(standing.fault() == "");

    ::kill(pid, SIGSTOP);
    CHECK(eventually([&] { return state() == "stopped"; }));
    CHECK(standing.fault() == ""); // it may be for a moment
    CHECK(eventually([&] { return !standing.fault().empty(); }));
    CHECK(standing.fault().size() <= 120);
    const auto refused = way();
    CHECK(refused.port == 0);
    CHECK(refused.refusal.status == 503);
    CHECK_THAT(refused.refusal.body, ContainsSubstring("is stopped by a signal; `kill -CONT " + std::to_string(pid) + "`"));

    ::kill(pid, SIGCONT);
    CHECK(eventually([&] { return state() == "running"; }));
    CHECK(standing.fault() == "");
    CHECK(way().port == started["port"]);
    ::kill(pid, SIGSTOP);
    CHECK(eventually([&] { return state() == "stopped"; }));
    CHECK(ask(agent, "POST", "/v1/peer/rpc/stop", 200, body(started["port"]))["code"] == 128 + SIGKILL);
}

TEST_CASE("a daemon that is killed takes its rpc-servers with it") {
    const agent_folder here;
    const auto daemon = ::fork();
    if (daemon == 0) {
        tw::agent::rpc_servers servers({here.path() / "rpc-server", here.path() / "logs", std::chrono::milliseconds{1}});
        const auto one = servers.start(free_port(), "");
        here.write("pid.part", std::to_string(one ? one->pid : -1));
        std::filesystem::rename(here.path() / "pid.part", here.path() / "pid");
        ::pause();
        ::_exit(0);
    }
    CHECK(eventually([&] { return std::filesystem::exists(here.path() / "pid"); }));
    int pid = -1;
    std::ifstream(here.path() / "pid") >> pid;
    CHECK(is_alive(pid));
    ::kill(daemon, SIGKILL);
    ::waitpid(daemon, nullptr, 0);
    // A zombie is as good as gone: whether somebody reaps orphans is not ours.
    CHECK(eventually([&] {
        std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
        std::string text;
        std::getline(in, text);
        return text.empty() || text.find(") Z ") != std::string::npos;
    }));
}

TEST_CASE("what must not be started is refused, and why") {
    const agent_folder here;
    tw::agent::agent agent(here.options());
    const auto refused = [&](unsigned status, const std::string& text) {
        return refusal(agent, "POST", "/v1/peer/rpc/start", status, text);
    };
    for (const char* port : {"1023", "65536", "-1", "0", "99999999999999999999", "\"50052\"", "50052.5", "null"})
        CHECK_THAT(refused(400, std::string("{\"port\":") + port + "}"), ContainsSubstring("from 1024 to 65535"));
    for (const char* text : {"", "[]", "12", "{", "{\"port\":50052"}) CHECK_THAT(refused(400, text), ContainsSubstring("JSON object"));
    CHECK_THAT(refused(400, R"({"port":50052,"devise":"CPU"})"), ContainsSubstring("did you mean \"device\"?"));
    CHECK_THAT(refused(400, R"({"port":50052,"program":"/bin/sh"})"), ContainsSubstring("unknown key \"program\""));
    CHECK_THAT(refused(400, std::string(2000, '[')), ContainsSubstring("nests more than 4 deep"));
    CHECK_THAT(refused(400, std::string(5000, ' ')), ContainsSubstring("larger than 4096"));
    for (const char* device : {"CUDA1", "--help", "CPU,", "; rm -rf /", "CPU CUDA0", "../CPU"})
        CHECK_THAT(refused(400, nlohmann::json{{"port", free_port()}, {"device", device}}.dump()),
                   ContainsSubstring("has no device") && ContainsSubstring("it has CPU, CUDA0."));
    CHECK_THAT(refused(400, R"({"port":50052,"device":["CPU"]})"), ContainsSubstring("must be a string"));
    const taken_port taken;
    CHECK_THAT(refused(409, body(taken.number())), ContainsSubstring("Another program listens"));

    auto none = here.options();
    none.config.rpc_server.clear();
    tw::agent::agent without(none);
    CHECK_THAT(refusal(without, "POST", "/v1/peer/rpc/start", 403, body(free_port())), ContainsSubstring("rpc_server is not set"));
    none.config.rpc_server = here.path() / "gone";
    tw::agent::agent gone(none);
    CHECK_THAT(refusal(gone, "POST", "/v1/peer/rpc/start", 503, body(free_port())), ContainsSubstring("cannot be run: No such file"));
}

TEST_CASE("starts and stops from many threads leave nothing behind") {
    const agent_folder here;
    here.behave("echo started; exec sleep 1000");
    tw::agent::rpc_servers servers({here.path() / "rpc-server", here.path() / "logs", std::chrono::milliseconds{1}});
    std::vector<std::uint16_t> ports;
    for (int i = 0; i < 4; ++i) ports.push_back(free_port());
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&, i] {
            for (int round = 0; round < 6; ++round) {
                const auto port = ports[static_cast<std::size_t>(i + round) % ports.size()];
                static_cast<void>(servers.start(port, ""));
                static_cast<void>(servers.list());
                static_cast<void>(servers.stop(port));
            }
        });
    for (auto& one : threads) one.join();
    for (const auto port : ports) static_cast<void>(servers.stop(port));
    CHECK(servers.list().empty());
}

TEST_CASE("the real rpc-server listens on loopback alone") {
    namespace fs = std::filesystem;
    fs::path program;
    std::error_code failed;
    const auto* cache = std::getenv("TIGHTWAD_CACHE");
    const auto* xdg = std::getenv("XDG_CACHE_HOME");
    const auto* home = std::getenv("HOME");
    const auto base = cache != nullptr ? fs::path(cache)
                      : xdg != nullptr ? fs::path(xdg) / "tightwad"
                                       : fs::path(home != nullptr ? home : ".") / ".cache/tightwad";
    for (const auto& one : fs::directory_iterator(base / "engine", failed))
        if (fs::exists(one.path() / "bin/ggml-rpc-server")) program = one.path() / "bin/ggml-rpc-server";
    if (program.empty())
        SKIP("ggml-rpc-server is not built; `sh apps/setup/engine.sh --source` makes it");
    const agent_folder here;
    tw::agent::rpc_servers servers({program, here.path() / "logs", std::chrono::seconds{60}});
    const auto devices = servers.devices();
    REQUIRE(devices.has_value());
    CHECK(std::find(devices->begin(), devices->end(), "CPU") != devices->end());
    const auto port = free_port();
    const auto started = servers.start(port, "CPU");
    REQUIRE(started.has_value());
    CHECK(started->listening);
    std::ifstream table("/proc/net/tcp");
    const std::string text{std::istreambuf_iterator<char>(table), {}};
    char loopback[32];
    std::snprintf(loopback, sizeof loopback, "0100007F:%04X 00000000:0000 0A", static_cast<unsigned>(port));
    CHECK_THAT(text, ContainsSubstring(loopback));
    CHECK(servers.start(port, "").has_error());
    CHECK(servers.stop(port).has_value());
    CHECK_FALSE(tw::agent::is_listening(port));
}

TEST_CASE("a tunnel leads to an rpc-server of this agent, which is started for it, and nowhere else") {
    const agent_folder here;
    tw::agent::agent agent(here.options());
    const auto port = free_port();
    const auto path = "/v1/tunnel/rpc/" + std::to_string(port);
    const auto refused = [&](const std::string& target, unsigned status) {
        const auto answer = agent.tunnel(target);
        CHECK(answer.port == 0);
        CHECK(answer.refusal.status == status);
        return nlohmann::json::parse(answer.refusal.body)["error"].value("message", "");
    };
    const taken_port other; // a program that is none of ours
    CHECK_THAT(refused("/v1/tunnel/rpc/" + std::to_string(other.number()), 409), ContainsSubstring("Another program"));
    CHECK_THAT(refused("/v1/tunnel/rpc/22", 400), ContainsSubstring("from 1024 to 65535"));
    CHECK_THAT(refused("/v1/tunnel/rpc/50052x", 400), ContainsSubstring("/v1/tunnel/rpc/PORT"));
    CHECK_THAT(refused("/v1/tunnel/rpc/", 400), ContainsSubstring("/v1/tunnel/rpc/PORT"));
    CHECK_THAT(refused(path + "?host=10.0.0.1", 400), ContainsSubstring("alone"));
    CHECK_THAT(refused(path + "?device=Abacus", 400), ContainsSubstring("has no device \"Abacus\""));

    CHECK(agent.tunnel(path + "?device=CUDA0").port == port);
    REQUIRE(ask(agent, "GET", "/v1/peer/rpc")["rpc"].size() == 1);
    CHECK(agent.tunnel(path).port == port);
    CHECK(agent.tunnel(path + "?device=CUDA0").port == port);
    CHECK(ask(agent, "GET", "/v1/peer/rpc")["rpc"].size() == 1);
    CHECK_THAT(refused(path + "?device=CPU", 409), ContainsSubstring("computes on CUDA0, not on CPU"));

    auto bare = here.options();
    bare.config.rpc_server.clear();
    tw::agent::agent manager(bare);
    const auto answer = manager.tunnel(path);
    CHECK(answer.port == 0);
    CHECK(answer.refusal.status == 404);
}
