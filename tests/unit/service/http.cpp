// The HTTP service as a plugin sees it through the C contract.
#include "service/plugin_host.hpp"

#include <condition_variable>
#include <mutex>

#include <catch2/catch_test_macros.hpp>

#include <tightwad/sdk/http.hpp>

#include "support/free_port.hpp"
#include "support/scripted_server.hpp"

using namespace tw::test;
using tw::sdk::failure;

namespace {

struct ending {
    std::mutex lock;
    std::condition_variable changed;
    int chunks = 0, destroyed = 0;
    bool over = false;
    std::optional<failure> problem;

    bool wait() {
        std::unique_lock guard(lock);
        return changed.wait_for(guard, std::chrono::seconds{20}, [&] { return over && destroyed == 1; });
    }
};

// Throws from every chunk.
class refuser final : public tw::sdk::http_handler {
  public:
    explicit refuser(ending& to) : to_(to) {}
    ~refuser() override {
        const std::lock_guard guard(to_.lock);
        ++to_.destroyed;
        to_.changed.notify_all();
    }
    void chunk(std::string_view) override {
        ++to_.chunks;
        throw failure{TW_CORRUPT, "This makes no sense."};
    }
    void done(std::optional<failure> problem) override {
        const std::lock_guard guard(to_.lock);
        to_.problem = std::move(problem);
        to_.over = true;
        to_.changed.notify_all();
    }

  private:
    ending& to_;
};

failure failure_of(const tw::sdk::http& web, const tw::sdk::http_request& request) {
    try {
        static_cast<void>(web.fetch(request));
    } catch (const failure& e) {
        return failure(e);
    }
    return failure{TW_OK, "it did not fail"};
}

} // namespace

TEST_CASE("an answer is fetched whole, with its status and advice") {
    scripted_server server({replies(200, "hello"), replies(503, "loading", "Retry-After: 2\r\n")});
    const tw::plugin_host host("test", {}, std::make_shared<tw::host_services>());
    const tw::sdk::http web{tw::sdk::host(host.abi())};
    auto answer = web.fetch({.method = "POST", .url = server.url("/x"), .headers = {{"X-A", "b"}}, .body = "question"});
    CHECK(answer.head.status == 200);
    CHECK(answer.body == "hello");
    CHECK(server.requests().at(0).ends_with("\r\n\r\nquestion"));
    CHECK(server.requests().at(0).find("X-A: b\r\n") != std::string::npos);
    answer = web.fetch({.url = server.url()});
    CHECK(answer.head.status == 503);
    CHECK(answer.head.retry_after == std::chrono::seconds{2});
}

TEST_CASE("what fails is a code and a sentence") {
    const tw::plugin_host host("test", {}, std::make_shared<tw::host_services>());
    const tw::sdk::http web{tw::sdk::host(host.abi())};
    const auto port = std::to_string(free_port());
    const auto refused = failure_of(web, {.url = "http://127.0.0.1:" + port});
    CHECK(refused.code() == TW_UNAVAILABLE);
    CHECK(std::string(refused.what()).find("Nothing answers at http://127.0.0.1:" + port) == 0);
    CHECK(failure_of(web, {.url = "den"}).code() == TW_INVALID_ARGUMENT);
    auto strange = tw::sdk::http_request{.url = "http://127.0.0.1:" + port};
    strange.operators_url = false;
    CHECK(std::string(failure_of(web, strange).what()).find("is not asked: its address 127.0.0.1 is a loopback address.") !=
          std::string::npos);
}

TEST_CASE("a handler that throws ends its request with what it threw") {
    for (int round = 0; round < 20; ++round) {
        scripted_server server({stalls("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")});
        ending seen;
        const tw::plugin_host host("test", {}, std::make_shared<tw::host_services>());
        const tw::sdk::http web{tw::sdk::host(host.abi())};
        web.start({.url = server.url()}, std::make_unique<refuser>(seen));
        REQUIRE(seen.wait());
        CHECK(seen.chunks == 1);
        REQUIRE(seen.problem);
        CHECK(std::string(seen.problem->what()) == "This makes no sense.");
    }
}

TEST_CASE("a service without its functions, or with nonsense, is refused in words") {
    const tw::plugin_host host("test", {}, std::make_shared<tw::host_services>());
    const auto* web = static_cast<const tw_host_http*>(host.abi()->service(host.abi(), TW_HOST_HTTP_V1));
    REQUIRE(web != nullptr);
    tw_error problem{};
    problem.size = sizeof problem;
    CHECK(web->start(host.abi(), nullptr, nullptr, &problem) == TW_INVALID_ARGUMENT);
    CHECK(std::string(problem.message) == "The request of the plugin lacks head, chunk or done.");
    tw_http_events events{};
    events.size = sizeof events;
    events.head = [](const tw_http_events*, const tw_http_head*) {};
    events.chunk = [](const tw_http_events*, tw_str) {};
    events.done = [](const tw_http_events*, const tw_error*) {};
    CHECK(web->start(host.abi(), nullptr, &events, &problem) == TW_INVALID_ARGUMENT);
    tw_http_request request{};
    request.size = sizeof request;
    request.n_headers = 5;
    CHECK(web->start(host.abi(), &request, &events, &problem) == TW_INVALID_ARGUMENT);
}
