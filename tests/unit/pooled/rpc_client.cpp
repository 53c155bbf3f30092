// Servers that are no rpc-server, or not ours: one sentence each. The real one is measured in tests/live/plan.mjs.
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "pooled/rpc_client.hpp"
#include "unit/net/plain_socket.hpp"

using namespace tw;
using namespace tw::pooled;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::plain_server;
using test::plain_socket;

namespace {

constexpr std::size_t hello_bytes = 1 + 8 + 24;

std::string sized(std::string body) {
    std::string out(8, '\0');
    out[0] = static_cast<char>(body.size());
    return out + body;
}

// Greets as version `major`.0, then answers every question with `answer`.
plain_server server(char major, const std::string& answer) {
    return plain_server([=](plain_socket& socket) {
        static_cast<void>(socket.read_exactly(hello_bytes));
        socket.send(sized(std::string(1, major) + std::string(27, '\0')));
        while (!socket.read_some().empty()) socket.send(answer);
    });
}

error refused(const plain_server& by, std::chrono::milliseconds patience = 10s) {
    auto client = rpc_client::connect(by.port(), "attic:50052", patience);
    if (!client) return client.error();
    return client->memory_of(0).error();
}

} // namespace

TEST_CASE("memory is what the server says") {
    const auto one = server(7, sized(std::string("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16)));
    auto client = rpc_client::connect(one.port(), "attic:50052", 10s);
    REQUIRE(client.has_value());
    const auto memory = client->memory_of(0);
    REQUIRE(memory.has_value());
    CHECK(memory->free_bytes == 1);
    CHECK(memory->total_bytes == 2);
}

TEST_CASE("another protocol, another program and silence are told apart, with the worker's name") {
    const auto old = refused(server(6, ""));
    CHECK(old.code == code::unsupported);
    CHECK_THAT(old.message, ContainsSubstring("attic:50052 speaks version 6.0"));
    const auto other = refused(server(7, sized("hello")));
    CHECK(other.code == code::corrupt);
    CHECK_THAT(other.message, ContainsSubstring("attic:50052 answers with 5 bytes where 16 belong"));
    const auto gone = refused(plain_server([](plain_socket& socket) { static_cast<void>(socket.read_exactly(hello_bytes)); }));
    CHECK(gone.code == code::unavailable);
    CHECK_THAT(gone.message, ContainsSubstring("attic:50052 ended the connection"));
    const auto busy = refused(plain_server([](plain_socket& socket) { static_cast<void>(socket.read_to_end()); }), 50ms);
    CHECK(busy.code == code::timed_out);
    CHECK_THAT(busy.message, ContainsSubstring("serves one program at a time"));
}
