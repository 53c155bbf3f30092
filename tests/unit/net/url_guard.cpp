// Which addresses are dialled for whom.
#include "net/url_guard.hpp"

#include <array>
#include <string>

#include <arpa/inet.h>
#include <catch2/catch_test_macros.hpp>

using namespace tw;
using net::url_author;

namespace {

std::string_view judged(const std::string& address, url_author author) {
    std::array<unsigned char, 16> bytes{};
    const bool v6 = address.find(':') != std::string::npos;
    INFO(address);
    REQUIRE(::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) == 1);
    return net::forbidden_address(std::span(bytes).first(v6 ? 16 : 4), author);
}

bool dialled(const std::string& address, url_author author) { return judged(address, author).empty(); }

} // namespace

TEST_CASE("a public address is dialled for everyone") {
    for (const auto* address :
         {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
          "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.88.98.255",
          "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
          "203.0.112.255", "203.0.114.0", "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888", "2400::1",
          "2001:1::1", "2003::1", "::ffff:8.8.8.8"}) {
        CHECK(dialled(address, url_author::stranger));
        CHECK(dialled(address, url_author::operator_of_this_host));
    }
}

TEST_CASE("the own network is dialled for what the operator wrote, not for what came with a request") {
    for (const auto* address :
         {"10.0.0.0", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.255", "172.16.0.0",
          "172.31.255.255", "192.168.0.1", "192.168.255.255", "198.18.0.0", "198.19.255.255", "::1", "fc00::1", "fd12::1",
          "fdff:ffff::1", "fec0::1", "feff::1", "::ffff:127.0.0.1", "::ffff:192.168.1.5", "64:ff9b::8.8.8.8",
          "64:ff9b::10.0.0.1", "2002:808:808::1", "2002:7f00:1::1", "::ffff:0:8.8.8.8", "2001:2::1"}) {
        INFO(address);
        CHECK_FALSE(dialled(address, url_author::stranger));
        CHECK(dialled(address, url_author::operator_of_this_host));
    }
}

TEST_CASE("metadata services, link-local, multicast and reserved addresses are dialled for nobody") {
    for (const auto* address :
         {"0.0.0.0", "0.255.255.255", "169.254.0.1", "169.254.169.254", "169.254.255.255", "168.63.129.16",
          "100.100.100.200", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.51.100.1", "203.0.113.255",
          "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::7f00:1", "::a9fe:a9fe", "64:ff9b:1::1",
          "64:ff9b::169.254.169.254", "100::1", "2001::1", "2001:0:ffff::1", "2001:db8::1", "3fff::1", "3fff:fff::1",
          "2002:a9fe:a9fe::1", "2002:e000:1::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "febf::1", "ff02::1",
          "ffff::1", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:0:169.254.169.254"}) {
        INFO(address);
        CHECK_FALSE(dialled(address, url_author::stranger));
        CHECK_FALSE(dialled(address, url_author::operator_of_this_host));
    }
    CHECK(judged("169.254.169.254", url_author::operator_of_this_host) ==
          "a link-local address, where clouds keep their metadata services");
}
