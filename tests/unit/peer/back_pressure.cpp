// A machine that asks and never reads: what waits for it is bounded, its link ends with a sentence, others go on.
#include <sstream>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "support/raw_client.hpp"
#include "unit/peer/harness.hpp"

using namespace tw;
using namespace tw::test;

namespace {

constexpr std::size_t much = 900'000; // bytes of a status

class talkative final : public pipeline {
  public:
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return serves_; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request,
                                                            std::shared_ptr<generation_sink>) override {
        return fail(code::unsupported, "It has nothing but a status.");
    }
    [[nodiscard]] nlohmann::json status() const override { return {{"text", std::string(much, 'x')}}; }

  private:
    const std::string name_ = "talker";
    const std::vector<std::string> serves_{"talker"};
};

// What is logged while it lives.
class log_copy {
  public:
    log_copy() : before_(spdlog::default_logger()) {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("copy", std::move(sink)));
    }
    ~log_copy() { spdlog::set_default_logger(before_); }
    log_copy(const log_copy&) = delete;
    log_copy& operator=(const log_copy&) = delete;

    [[nodiscard]] std::string text() const { return text_.str(); } // once nobody logs any more

  private:
    std::ostringstream text_;
    const std::shared_ptr<spdlog::logger> before_;
};

// A caller without a thread of its own, so that nothing is read that it does not ask for.
class deaf_peer {
  public:
    explicit deaf_peer(std::uint16_t port) : socket_(port) {
        socket_.send("GET /v1/peer/session HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Authorization: Bearer secret\r\n\r\n");
        REQUIRE(socket_.read_until("\r\n\r\n").starts_with("HTTP/1.1 101"));
        say(0, hello_of("deaf"));
        say(1, wire::open_channel{"talker", wire::role::target, {}});
    }
    // Masked with zeros, as short as a frame of 125 bytes at most.
    void say(std::uint32_t channel, const wire::message& body) {
        const auto bytes = wire::encode(channel, body).value();
        REQUIRE(bytes.size() < 126);
        socket_.send(std::string("\x82", 1) + static_cast<char>(0x80U | bytes.size()) + std::string(4, '\0') + bytes);
    }

  private:
    raw_client socket_;
};

// What was queued for the deaf one so far; none when its link is gone.
std::optional<std::uint64_t> queued(const machine& den) {
    const auto status = den.host->status();
    for (const auto& each : status["peers"])
        if (each["machine"] == "deaf") return each["bytes_sent"].get<std::uint64_t>();
    return {};
}

} // namespace

TEST_CASE("a machine that asks and never reads costs no more than the limit, and the others go on") {
    const log_copy log;
    {
        machine den(hello_of("den"), 0, 30s, 30s);
        const auto target = den.serve_target();
        den.host->serve({target->engine("talker"), std::make_shared<talkative>(), {}, {}});
        const auto remote = pipeline_at(link_to(den.port()));
        toy_pipeline local;
        deaf_peer deaf(den.port());
        REQUIRE(comes_true([&] { return queued(den).value_or(0) > 0; }));
        std::uint64_t most = 0;
        bool gone = false;
        for (std::uint64_t i = 0; i < 200 && !gone; ++i) {
            const auto before = queued(den);
            if (before) deaf.say(1, wire::ask_status{});
            REQUIRE(comes_true([&] {
                const auto now = queued(den);
                most = std::max(most, now.value_or(0));
                gone = !now;
                return gone || *now > *before + much;
            }));
            if (i % 8 == 0) CHECK(run(*remote, request(i)).outcome.tokens == run(local, request(i)).outcome.tokens);
        }
        CHECK(gone);
        CHECK(most > limits_for_frames().max_queued_bytes - 2 * much);
        CHECK(most < 3 * limits_for_frames().max_queued_bytes); // what waits here, and what the kernel buffers
        CHECK(comes_true([&] { return den.host->sessions() == 1; }));
        CHECK(run(*remote, request(7)).outcome.tokens == run(local, request(7)).outcome.tokens);
    }
    CHECK(log.text().find(" does not read: ") != std::string::npos);
}
