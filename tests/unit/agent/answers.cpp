// What the agent tells about its machine.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "agent/log_file.hpp"
#include "agent/machine.hpp"
#include "agent/model_files.hpp"
#include "agent/spawn.hpp"
#include "harness.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace tw::test;
using namespace std::chrono_literals;

TEST_CASE("version and health tell what runs and how busy the machine is") {
    const agent_folder here;
    auto options = here.options();
    options.engines = [] {
        return std::vector<tw::agent::served_engine>{{"small", "Small 1B", true, false, "bitwise"}};
    };
    options.sessions = [] { return std::size_t{3}; };
    tw::agent::agent agent(options);
    const auto version = ask(agent, "GET", "/v1/peer/version");
    CHECK(version["machine"] == "den");
    CHECK(version["url"] == "tw://127.0.0.1:9191");
    const auto health = ask(agent, "GET", "/v1/peer/health");
    CHECK(health["status"] == "up");
    CHECK(health["load"].size() == 3);
    CHECK(health["memory"]["total_bytes"] > 0);
    CHECK(health["memory"]["available_bytes"] <= health["memory"]["total_bytes"]);
    CHECK(health["disk"]["free_bytes"] > 0);
    CHECK(health["sessions"] == 3);
    CHECK(health["engines"][0]["name"] == "small");
    CHECK(health["engines"][0]["drafter"] == true);
    CHECK(health["uptime_s"] >= 0);
}

TEST_CASE("a wrong path, method or query is one sentence") {
    const agent_folder here;
    tw::agent::agent agent(here.options());
    CHECK_THAT(refusal(agent, "GET", "/v1/peer/", 404), ContainsSubstring("nothing at this path"));
    CHECK_THAT(refusal(agent, "GET", "/v1/peer/rpc/start", 405), ContainsSubstring("by POST"));
    CHECK_THAT(refusal(agent, "POST", "/v1/peer/gpu", 405), ContainsSubstring("by GET"));
    for (const char* service : {"../peer", "rpc-", "rpc-1", "rpc-x", "rpc-050052", "rpc-50052/../peer", "", "syslog"})
        CHECK_THAT(refusal(agent, "GET", std::string("/v1/peer/logs?service=") + service, 400),
                   ContainsSubstring("must be peer, proxy or rpc-PORT"));
    for (const char* lines : {"0", "1001", "x", "", "-1"})
        CHECK_THAT(refusal(agent, "GET", std::string("/v1/peer/logs?lines=") + lines, 400), ContainsSubstring("1 to 1000"));
    CHECK_THAT(refusal(agent, "GET", "/v1/peer/logs?file=/etc/passwd", 400), ContainsSubstring("alone"));
    CHECK_THAT(refusal(agent, "GET", "/v1/peer/logs?service=proxy", 404), ContainsSubstring("no log of proxy"));
}

TEST_CASE("logs end with the newest line and do not grow without end") {
    const agent_folder here;
    tw::agent::agent agent(here.options());
    here.write("logs/proxy.log", "one\ntwo\r\nthr\xFF" "ee\n");
    CHECK(ask(agent, "GET", "/v1/peer/logs?service=proxy&lines=2")["lines"] ==
          nlohmann::json::array({"two", "thr\xEF\xBF\xBD" "ee"}));
    const auto file = here.path() / "logs/small.log";
    {
        tw::agent::log_file log(file, 1000);
        for (int i = 0; i < 300; ++i) log.write("line " + std::to_string(i) + "\n");
    }
    CHECK(std::filesystem::file_size(file) <= 1000);
    CHECK(std::filesystem::file_size(file.string() + ".1") <= 1000);
    CHECK(tw::agent::last_lines_of(file, 1) == std::vector<std::string>{"line 299"});
    CHECK(tw::agent::last_lines_of(here.path() / "none", 1).empty());
    CHECK(tw::agent::last_lines("a\n\nb", 5) == std::vector<std::string>{"a", "", "b"});
}

TEST_CASE("cards are found by nvidia-smi and by the kernel's drivers") {
    const agent_folder here;
    const auto drm = here.path() / "drm";
    here.write("drm/card0/device/vendor", "0x1002\n");
    here.write("drm/card0/device/device", "0x744c\n");
    here.write("drm/card0/device/mem_info_vram_total", "25753026560\n");
    here.write("drm/card0/device/mem_info_vram_used", "1048576\n");
    here.write("drm/card0-DP-1/status", "connected\n");
    here.write("drm/card1/device/vendor", "0x1af4\n"); // a virtual screen
    here.write("drm/card2/device/vendor", "0x10de\n");
    auto found = tw::agent::find_gpus({}, drm);
    REQUIRE(found.gpus.size() == 2);
    CHECK(found.gpus[0].vendor == "AMD");
    CHECK(found.gpus[0].name == "AMD GPU 0x744c");
    CHECK(found.gpus[0].memory_bytes == 25753026560U);
    CHECK(found.gpus[1].vendor == "NVIDIA");

    here.write("nvidia-smi", "#!/bin/sh\necho 'NVIDIA GeForce RTX 4070, 12282, 512'\necho 'NVIDIA H100, PCIe, [N/A], [N/A]'\n");
    std::filesystem::permissions(here.path() / "nvidia-smi", std::filesystem::perms::owner_all);
    found = tw::agent::find_gpus(here.path() / "nvidia-smi", drm);
    REQUIRE(found.gpus.size() == 3);
    CHECK(found.gpus[0].name == "NVIDIA GeForce RTX 4070");
    CHECK(found.gpus[0].memory_bytes == 12282ULL << 20U);
    CHECK(found.gpus[0].memory_used_bytes == 512ULL << 20U);
    CHECK(found.gpus[1].memory_bytes == 0);
    CHECK(found.note.empty());

    here.write("nvidia-smi", "#!/bin/sh\nexit 9\n");
    found = tw::agent::find_gpus(here.path() / "nvidia-smi", here.path() / "none");
    CHECK(found.gpus.empty());
    CHECK_THAT(found.note, ContainsSubstring("ended with code 9"));

    tw::agent::agent agent(here.options());
    CHECK(ask(agent, "GET", "/v1/peer/gpu")["gpus"].is_array());
}

TEST_CASE("a program that does not end is ended") {
    const auto began = std::chrono::steady_clock::now();
    const auto slow = tw::agent::run_program("/bin/sh", {"-c", "sleep 1000"}, 100ms);
    REQUIRE(slow.has_error());
    CHECK_THAT(slow.error().message, ContainsSubstring("did not end within 100 ms"));
    CHECK(std::chrono::steady_clock::now() - began < 20s);
    const auto loud = tw::agent::run_program("/bin/sh", {"-c", "head -c 1000000 /dev/zero; exit 4"}, 20s);
    REQUIRE(loud.has_value());
    CHECK(loud->exit_code == 4);
    CHECK(loud->output.size() <= 260U << 10U);
    CHECK(tw::agent::run_program("/nowhere/program", {}, 1s).has_error());
}

TEST_CASE("models are listed as a configuration names them") {
    const agent_folder here;
    here.write("models/a.gguf", "GGUF");
    here.write("models/deep/b.gguf", "GGUFGGUF");
    here.write("models/notes.txt", "x");
    here.write("cache/c.gguf", "G");
    const auto listed = tw::agent::list_models({here.path() / "models", here.path() / "none"}, here.path() / "cache", {here.path()});
    REQUIRE(listed.size() == 3);
    CHECK(listed[0].name == (here.path() / "models/a.gguf").string());
    CHECK(listed[0].bytes == 4);
    CHECK(listed[1].name == (here.path() / "models/deep/b.gguf").string());
    CHECK(listed[2].name == "cache:c.gguf");
    CHECK(listed[2].source == "cache");
    auto options = here.options();
    options.config.model_dirs = {here.path() / "models"};
    tw::agent::agent agent(options);
    CHECK(ask(agent, "GET", "/v1/peer/models")["models"][0]["bytes"] == 4);
}
