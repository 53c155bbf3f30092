// A backend behind the bridge: streams, ends once, and survives plugins that break the contract.
#include "bridge/backend.hpp"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "unit/bridge/load.hpp"

namespace {

constexpr const char* greeting = R"({"messages":[{"role":"user","content":"one two three"}]})";

struct recorded {
    std::vector<std::string> pieces;
    std::promise<tw::backend_finish> ended;
    std::atomic<int> n_done{0};

    tw::result<std::shared_ptr<tw::backend_request>> start(tw::backend& on,
                                                           const std::string& body) {
        return on.start(
            body, [this](std::uint32_t, std::string_view text) { pieces.emplace_back(text); }, [](std::uint32_t, std::string_view) {},
            [this](tw::backend_finish finish) {
                if (++n_done == 1) ended.set_value(std::move(finish));
            });
    }
};

std::unique_ptr<tw::backend> make(const std::string& name) {
    const auto& api = load_table<tw_backend_v1>(name, TW_BACKEND_V1);
    auto made = tw::backend::create(api, name, std::make_unique<tw::plugin_host>(name), "{}");
    REQUIRE(made.has_value());
    return std::move(*made);
}


std::unique_ptr<tw::backend> echo_on(std::shared_ptr<tw::host_services> services) {
    auto made = tw::backend::create(load_table<tw_backend_v1>("echo", TW_BACKEND_V1), "echo",
                                    std::make_unique<tw::plugin_host>(
                                        "echo", std::map<std::string, tw::secret_ref>{}, std::move(services)),
                                    "{}");
    REQUIRE(made.has_value());
    return std::move(*made);
}

} // namespace

TEST_CASE("echo streams the last message word by word") {
    recorded heard;
    const auto echo = make("echo");
    REQUIRE(heard.start(*echo, greeting).has_value());
    const auto finish = heard.ended.get_future().get();
    CHECK(heard.pieces == std::vector<std::string>{"one ", "two ", "three"});
    CHECK(finish.reason == TW_FINISH_STOP);
    CHECK_FALSE(finish.failure);
}

TEST_CASE("many requests at once each get their own answer") {
    const auto echo = make("echo");
    std::vector<recorded> all(64);
    for (std::size_t i = 0; i < all.size(); ++i)
        REQUIRE(
            all[i].start(*echo, R"({"prompt":"number )" + std::to_string(i) + "\"}").has_value());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].ended.get_future().wait();
        CHECK(all[i].pieces == std::vector<std::string>{"number ", std::to_string(i)});
    }
}

TEST_CASE("a request that is not JSON is refused and the sink never called") {
    recorded heard;
    const auto echo = make("echo");
    const auto begun = heard.start(*echo, "not json");
    REQUIRE_FALSE(begun.has_value());
    CHECK(begun.error().code == tw::code::invalid_argument);
    CHECK(begun.error().message == "The JSON text is malformed at byte 0.");
    CHECK(heard.n_done == 0);
}

TEST_CASE("a plugin that throws is contained with its name") {
    recorded heard;
    const auto plugin = make("throws");
    const auto begun = heard.start(*plugin, "not json");
    REQUIRE_FALSE(begun.has_value());
    CHECK(begun.error().code == tw::code::internal);
    CHECK(begun.error().message ==
          "The plugin throws broke the contract: start threw an exception.");
    CHECK(heard.n_done == 0);
}

TEST_CASE("a plugin that calls done twice is heard once") {
    for (int round = 0; round < 50; ++round) {
        recorded heard;
        {
            const auto plugin = make("done_twice");
            REQUIRE(heard.start(*plugin, greeting).has_value());
        }
        CHECK(heard.n_done == 1);
        CHECK(heard.pieces == std::vector<std::string>{"hello"});
    }
}

TEST_CASE("a plugin that keeps what it was lent finds it there until it is done") {
    recorded heard;
    const auto plugin = make("keeps_pointer");
    REQUIRE(heard.start(*plugin, greeting).has_value());
    heard.ended.get_future().wait();
    CHECK(heard.pieces == std::vector<std::string>{"{"});
}

TEST_CASE("destroying a backend waits for what runs") {
    for (int round = 0; round < 50; ++round) {
        std::vector<recorded> all(8);
        auto echo = make("echo");
        for (auto& one : all)
            REQUIRE(one.start(*echo, greeting).has_value());
        echo.reset();
        for (auto& one : all)
            CHECK(one.n_done == 1);
    }
}

TEST_CASE("a cancelled request ends as cancelled") {
    // One thread, kept busy: the request is cancelled before it begins.
    const auto services =
        std::make_shared<tw::host_services>(tw::pool::limits{.threads = 1, .queue = 8});
    std::promise<void> gate;
    REQUIRE(services->pool.post([&] { gate.get_future().wait(); }).has_value());
    const auto echo = echo_on(services);
    recorded heard;
    const auto begun = heard.start(*echo, greeting);
    REQUIRE(begun.has_value());
    (*begun)->cancel();
    gate.set_value();
    const auto finish = heard.ended.get_future().get();
    REQUIRE(finish.failure);
    CHECK(finish.failure->code == tw::code::cancelled);
    CHECK(heard.pieces.empty());
}

TEST_CASE("a full pool is told with a time to come back") {
    const auto services =
        std::make_shared<tw::host_services>(tw::pool::limits{.threads = 1, .queue = 0});
    const auto echo = echo_on(services);
    recorded heard;
    const auto begun = heard.start(*echo, greeting);
    REQUIRE_FALSE(begun.has_value());
    CHECK(begun.error().code == tw::code::busy);
    CHECK(begun.error().retry_after == std::chrono::seconds{1});
}

TEST_CASE("a plugin built for contract 1.0, without our headers, is loaded and answers") {
    recorded heard;
    const auto plugin = make("frozen_1_0");
    REQUIRE(heard.start(*plugin, greeting).has_value());
    CHECK(heard.ended.get_future().get().completion_tokens == 4);
    CHECK(heard.pieces == std::vector<std::string>{"hello from 1.0"});
}

TEST_CASE("a table without a required function is refused") {
    auto api = load_table<tw_backend_v1>("echo", TW_BACKEND_V1);
    api.start = nullptr;
    const auto made =
        tw::backend::create(api, "echo", std::make_unique<tw::plugin_host>("echo"), "{}");
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().message ==
          "The plugin echo broke the contract: it leaves the required function "
          "\"start\" of tightwad.backend/1 empty.");
}
