// The services as a plugin sees them through the C contract.
#include "service/plugin_host.hpp"

#include <chrono>
#include <cstdlib>
#include <future>
#include <sstream>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <tightwad/sdk/host.hpp>

namespace {

// Collects the log while it lives.
class captured_log {
  public:
    captured_log() : before_(spdlog::default_logger()) {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
        auto logger = std::make_shared<spdlog::logger>("test", sink);
        logger->set_pattern("%l %v");
        logger->set_level(spdlog::level::info);
        spdlog::set_default_logger(logger);
    }
    ~captured_log() { spdlog::set_default_logger(before_); }
    [[nodiscard]] std::string text() const { return text_.str(); }

  private:
    std::shared_ptr<spdlog::logger> before_;
    std::ostringstream text_;
};

} // namespace

TEST_CASE("a line of log carries the plugin's id and stays one line") {
    const captured_log log;
    const tw::plugin_host host("echo");
    const tw::sdk::host seen(host.abi());
    seen.info("event=ready\nevent=forged \xFF");
    seen.debug("event=hidden");
    CHECK(log.text() == "info plugin=echo event=ready event=forged \xEF\xBF\xBD\n");
    CHECK(seen.logs(TW_LOG_WARN));
    CHECK_FALSE(seen.logs(TW_LOG_DEBUG));
}

TEST_CASE("work runs on the pool, and what it throws is logged") {
    const captured_log log;
    {
        const tw::plugin_host host("echo", {}, std::make_shared<tw::host_services>());
        const tw::sdk::host seen(host.abi());
        std::promise<std::thread::id> ran;
        seen.post([&] { ran.set_value(std::this_thread::get_id()); });
        CHECK(ran.get_future().get() != std::this_thread::get_id());
        seen.post([] { throw tw::sdk::failure{TW_INTERNAL, "no luck"}; });
    }
    CHECK(log.text() == "error plugin=echo event=task_failed error=\"no luck\"\n");
}

TEST_CASE("a stopped host refuses work in words") {
    const auto services = std::make_shared<tw::host_services>();
    const tw::plugin_host host("echo", {}, services);
    services->timer.stop();
    services->pool.stop();
    const tw::sdk::host seen(host.abi());
    try {
        seen.post([] {});
        FAIL("it was accepted");
    } catch (const tw::sdk::failure& e) {
        CHECK(e.code() == TW_UNAVAILABLE);
        CHECK(std::string(e.what()) == "The host is stopping and takes no more work.");
    }
    CHECK_THROWS_AS(seen.after(std::chrono::milliseconds{1}, [] {}), tw::sdk::failure);
}

TEST_CASE("a delayed call that is dropped never runs; one that is kept does") {
    const tw::plugin_host host("echo");
    const tw::sdk::host seen(host.abi());
    std::promise<void> ran;
    bool wrong = false;
    {
        const auto dropped = seen.after(std::chrono::hours{1}, [&] { wrong = true; });
    }
    const auto kept = seen.after(std::chrono::milliseconds{1}, [&] { ran.set_value(); });
    ran.get_future().wait();
    CHECK_FALSE(wrong);
}

TEST_CASE("secrets come from where the table says, and only those it names") {
    ::setenv("TW_TEST_SECRET", "hush", 1);
    const tw::plugin_host host(
        "cloud", {{"api_key", {tw::secret_ref::kind::env, "TW_TEST_SECRET"}},
                  {"other", {tw::secret_ref::kind::env, "TW_TEST_NO_SUCH_VARIABLE"}}});
    const tw::sdk::host seen(host.abi());
    CHECK(seen.secret("api_key") == "hush");
    ::setenv("TW_TEST_SECRET", "hush again", 1);
    CHECK(seen.secret("api_key") == "hush again");
    const auto sentence = [&](const char* name) {
        try {
            return seen.secret(name);
        } catch (const tw::sdk::failure& e) {
            CHECK(e.code() == TW_NOT_FOUND);
            return std::string(e.what());
        }
    };
    CHECK(sentence("token") ==
          "The table of the plugin cloud names no secret \"token\"; write token = "
          "{ env = \"NAME\" } there.");
    CHECK(sentence("other").find("TW_TEST_NO_SUCH_VARIABLE") != std::string::npos);
}

TEST_CASE("an unknown service is null, and the shared threads live as long as a host") {
    std::weak_ptr<tw::host_services> threads;
    {
        const tw::plugin_host one("a"), two("b");
        CHECK(&one.services() == &two.services());
        threads = tw::host_services::shared();
        CHECK(one.abi()->service(one.abi(), "tightwad.host.no-such/1") == nullptr);
        CHECK(one.abi()->service(one.abi(), nullptr) == nullptr);
    }
    CHECK(threads.expired());
}
