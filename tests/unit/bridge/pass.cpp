// A request that a backend hands on, and what the host makes of a plugin that does not keep the order.
#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <tightwad/abi/ext/pass.h>

#include "bridge/backend.hpp"
#include "load.hpp"

using namespace tw;

namespace {

// What the sink was told, in order.
struct record final : pass_sink {
    void head(pass_head head) override { said += std::to_string(head.status) + ' '; }
    void bytes(std::string_view piece) override { said += std::string(piece) + ' '; }
    [[nodiscard]] bool full() const override { return said.size() > 100; }
    void done(std::optional<error> failure) override { said += failure ? failure->message : "whole"; }
    std::string said;
};

struct passed {
    explicit passed(decltype(tw_pass_v1::start) start) : table{sizeof(tw_pass_v1), start} {
        auto created = backend::create(load_table<tw_backend_v1>("good", TW_BACKEND_V1), "good",
                                       std::make_unique<plugin_host>("good"), "{}");
        REQUIRE(created.has_value());
        made = std::move(*created);
        made->with_pass(table);
    }
    std::string ask() {
        const auto begun = made->pass({.target = "/v1/x", .body = "abc", .name_at = 1, .name_size = 1}, heard);
        return begun ? heard->said : begun.error().message;
    }
    tw_pass_v1 table;
    std::unique_ptr<backend> made;
    std::shared_ptr<record> heard = std::make_shared<record>();
};

void tell_head(const tw_pass_sink* sink, std::int32_t status) {
    const tw_http_head head{sizeof(tw_http_head), status, nullptr, 0, 0};
    sink->head(sink, &head);
}

} // namespace

TEST_CASE("what is passed on has a head, its bytes and one end") {
    passed once([](tw_backend*, const tw_pass_request* request, const tw_pass_sink* sink, tw_error*) -> tw_code {
        sink->bytes(sink, request->target); // too early
        tell_head(sink, 99);
        tell_head(sink, 200);
        tell_head(sink, 201);
        sink->bytes(sink, {nullptr, 5});
        sink->bytes(sink, {request->body.data + request->name_at, request->name_size});
        sink->done(sink, nullptr);
        sink->done(sink, nullptr);
        sink->bytes(sink, request->target);
        return TW_OK;
    });
    CHECK(once.ask() == "200 b whole");
    passed headless([](tw_backend*, const tw_pass_request*, const tw_pass_sink* sink, tw_error*) -> tw_code {
        sink->done(sink, nullptr);
        return TW_OK;
    });
    CHECK(headless.ask() == "The plugin good broke the contract: an answer that was passed on had no head.");
}

TEST_CASE("a plugin that passes nothing on, or refuses, says so, and the sink is never called") {
    passed refused([](tw_backend*, const tw_pass_request*, const tw_pass_sink*, tw_error* error) -> tw_code {
        fill(error, code::unsupported, "Not here.");
        return TW_UNSUPPORTED;
    });
    CHECK(refused.ask() == "Not here.");
    CHECK(refused.heard->said.empty());
    auto plain = backend::create(load_table<tw_backend_v1>("good", TW_BACKEND_V1), "good", std::make_unique<plugin_host>("good"), "{}");
    REQUIRE(plain.has_value());
    const auto begun = (*plain)->pass({}, refused.heard);
    REQUIRE(begun.has_error());
    CHECK(begun.error().code == code::unsupported);
    CHECK(begun.error().message == "The plugin good passes on nothing that Tightwad does not know; ask a model of another backend.");
}

TEST_CASE("a backend waits for what it passes on, and cancels it") {
    static std::thread worker;
    passed slow([](tw_backend*, const tw_pass_request*, const tw_pass_sink* sink, tw_error*) -> tw_code {
        worker = std::thread([sink] {
            while (sink->cancelled(sink) == 0) std::this_thread::yield();
            sink->done(sink, nullptr);
        });
        return TW_OK;
    });
    static_cast<void>(slow.ask());
    slow.made.reset();
    CHECK_FALSE(slow.heard->said.empty());
    worker.join();
}
