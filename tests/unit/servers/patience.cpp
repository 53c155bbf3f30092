// How long a server may be silent: before its answer's first word, and within it.
#include <array>
#include <chrono>
#include <string>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include <tightwad/sdk/openai_stream.hpp>
#include <tightwad/sdk/server_backend.hpp>
#include <tightwad/testkit/recorder.hpp>

#include "service/plugin_host.hpp"
#include "support/scripted_server.hpp"

using namespace tw::test;
using namespace std::chrono_literals;

namespace {

/// A chat at the address in its table, with a long patience for the first word and a short one after it.
class hasty : public tw::sdk::server_backend {
  public:
    using reader = tw::sdk::openai_stream;

    hasty(tw::sdk::host, const tw::sdk::config& config) : url_(config.text("url")) {}
    [[nodiscard]] tw::sdk::http_request ask(const tw::sdk::chat_request& request) const {
        tw::sdk::http_request out{.method = "POST", .url = url_, .body = request.body()};
        out.first_byte_timeout = 5s;
        out.idle_timeout = 100ms;
        return out;
    }
    [[nodiscard]] tw::sdk::failure refusal(const tw::sdk::http_head& head, const std::string& body) const {
        return tw::sdk::refusal_of("It", head.status, body);
    }

  private:
    std::string url_;
};

const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
const std::string opening = R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})" "\n\n";
const std::string word = R"(data: {"choices":[{"index":0,"delta":{"content":"Well"}}]})" "\n\n";

} // namespace

TEST_CASE("a server that sends its head at once may think as long as one that does not; within its answer it may not") {
    const auto slow_start = [](const std::string& at_once, const std::string& rest) {
        return [=](scripted_server::line& to, const std::string&) {
            to.send(head + at_once);
            std::this_thread::sleep_for(400ms); // longer than its answer may pause
            to.send(rest);
            if (!rest.ends_with("[DONE]\n\n")) to.wait_gone();
        };
    };
    scripted_server far({slow_start("", word + "data: [DONE]\n\n"), slow_start(opening, word + "data: [DONE]\n\n"), slow_start("", word)});
    std::array<tw::testkit::recorder, 3> all; // they outlive the client's thread
    const tw::plugin_host host("test", {}, std::make_shared<tw::host_services>());
    const auto& api = *static_cast<const tw_backend_v1*>(hasty::query<hasty>(TW_BACKEND_V1));
    const std::string table = R"({"url":")" + far.url() + "\"}", body = R"({"messages":[]})";
    tw_backend* self = nullptr;
    tw_error problem{};
    problem.size = sizeof problem;
    REQUIRE(api.create(host.abi(), {table.data(), table.size()}, &self, &problem) == TW_OK);
    for (std::size_t i = 0; i < all.size(); ++i) {
        INFO("request " << i);
        auto& heard = all.at(i);
        REQUIRE(api.start(self, {body.data(), body.size()}, heard.sink(), &problem) == TW_OK);
        REQUIRE(heard.wait_done(20s));
        CHECK(heard.text() == "Well");
        CHECK(heard.end().code == (i < 2 ? TW_OK : TW_TIMED_OUT));
        if (i == 2) CHECK(heard.failure().value_or("") == "The server sent no more of its answer within 100 ms.");
    }
    api.destroy(self);
}
