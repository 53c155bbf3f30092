// The whole program before two scripted llama-servers, of which one is busy, gone, or back again.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "far_server.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const auto well = streams({words("well"), event("{}", "\"stop\""), "data: [DONE]\n\n"});

// A second server beside the one that `endpoint` knows; the first that is up gets everything.
std::string and_a_second(const std::string& url) {
    return "[backend.near]\nplugin = \"llamacpp\"\nurl = \"" + url + "\"\n[pipeline.q]\nserves = [\"both\"]\n"
           "target = [\"far\", \"near\"]\nbalance = \"order\"\n";
}

http_answer ask_both(const endpoint& here, const std::string& more = "") {
    raw_client client(here.port());
    client.send(post("/v1/chat/completions", R"({"model":"both","messages":[{"role":"user","content":"Hi"}])" + more + "}"));
    return client.read();
}

std::size_t posts(const far_server& at) {
    std::size_t out = 0;
    for (const auto& request : at.requests()) out += request.starts_with("POST") ? 1 : 0;
    return out;
}

} // namespace

TEST_CASE("a busy server is passed over, with tools too, and left alone for as long as it said") {
    far_server far, near;
    far.set(replies(429, R"({"error":{"message":"slow down"}})", "Retry-After: 60\r\n"));
    near.set(well);
    const endpoint here(far.url(), and_a_second(near.url()));
    CHECK(ask_both(here, R"(,"tools":[{"type":"function","function":{"name":"f"}}])").status == 200);
    CHECK(ask_both(here, R"(,"logprobs":true)").status == 200);
    CHECK(posts(far) == 1);
    CHECK(posts(near) == 2);
    near.set(replies(429, "{}", "Retry-After: 7\r\n"));
    const auto both = ask_both(here);
    CHECK(both.status == 429);
    CHECK(both.headers.at("retry-after") == "7");
}

TEST_CASE("a server that sends garbage, or refuses this machine's key, is passed over") {
    for (const auto& bad : {streams({"data: garbage\n\n"}), replies(401, "{}")}) {
        far_server far, near;
        far.set(bad);
        near.set(well);
        const endpoint here(far.url(), and_a_second(near.url()));
        CHECK(ask_both(here).status == 200);
        CHECK(posts(far) == 1);
    }
}

TEST_CASE("a server that was gone is asked how it is, and gets requests again without one having failed") {
    far_server far, near;
    const auto gone = [](scripted_server::line& to, const std::string&) { to.vanish(); };
    far.set(gone);
    near.set(well);
    const endpoint here(far.url(), and_a_second(near.url()));
    far.set_gets(gone);
    CHECK(ask_both(here).status == 200);
    CHECK(posts(near) == 1);
    const auto up = [&] {
        const auto page = here.status();
        for (const auto& each : page["pipelines"])
            if (each["name"] == "q") return each["replicas"][0]["up"].get<bool>();
        return false;
    };
    CHECK_FALSE(up());
    far.set(well);
    far.set_gets(replies(200, R"({"status":"ok"})"));
    for (int i = 0; i < 2000 && !up(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{10});
    REQUIRE(up());
    CHECK_THAT(far.requests().back(), ContainsSubstring("GET /health HTTP/1.1"));
    const auto before = posts(far);
    CHECK(ask_both(here).status == 200);
    CHECK(posts(far) == before + 1);
    CHECK(posts(near) == 1);
}
