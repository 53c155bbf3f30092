// A port that is kept for a program: that one gets it each time, others do not.
#include <catch2/catch_test_macros.hpp>

#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/free_port.hpp"

namespace {

enum class habit { of_servers, of_others }; // servers set SO_REUSEADDR

bool can_listen(std::uint16_t port, habit whose) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int reuse = whose == habit::of_servers ? 1 : 0;
    ::setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool can = ::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(server, 1) == 0;
    ::close(server);
    return can;
}

} // namespace

TEST_CASE("a server is given a kept port whenever it starts, and a program that takes any port is not") {
    auto found = tw::net::kept_port::find();
    REQUIRE(found.has_value());
    {
        const auto kept = std::move(*found);
        REQUIRE(kept.number() != 0);
        CHECK(can_listen(kept.number(), habit::of_servers));
        CHECK(can_listen(kept.number(), habit::of_servers));
        CHECK_FALSE(can_listen(kept.number(), habit::of_others));
        const auto other = tw::net::kept_port::find();
        REQUIRE(other.has_value());
        CHECK(other->number() != kept.number());
    }
    CHECK(can_listen(found->number(), habit::of_others)); // nobody keeps it any more
}
