// Two hosts that cannot work together say so, whatever version the other one is.
#include <catch2/catch_test_macros.hpp>

#include "wire/frame.hpp"

using namespace tw;
using namespace tw::wire;

namespace {

hello host(const char* machine, protocol_version protocol = our_protocol) {
    return {.protocol = protocol, .tightwad = "0.1.0", .machine = machine, .sampler = sampler_revision, .session = 5, .engines = {}};
}

hello received(const std::string& bytes) { return std::get<hello>(decode(bytes).value().body); }

} // namespace

TEST_CASE("hosts of one major and one sampler go together") {
    CHECK(compare(host("a"), host("b")).has_value());
    CHECK(compare(host("a"), host("b", {our_protocol.major_number, 9})).has_value());
}

TEST_CASE("a hello of another major is understood as far as its refusal needs") {
    auto theirs = host("den", {our_protocol.major_number + 1, 3});
    theirs.tightwad = "0.9.1";
    const auto got = received(*encode(0, theirs) + "whatever that version says");
    CHECK(compare(host("here"), got).error().message ==
          R"(The peer "den" (Tightwad 0.9.1) speaks protocol 4.3 and this host (Tightwad 0.1.0) speaks 3.1; update the older of the two.)");
    CHECK(compare(host("here"), got).error().code == code::unsupported);
}

TEST_CASE("a hello of a newer minor may say more") {
    auto theirs = host("den", {our_protocol.major_number, static_cast<std::uint16_t>(our_protocol.minor_number + 1)});
    theirs.engines.resize(1);
    const auto got = received(*encode(0, theirs) + "more");
    CHECK(got.session == 5);
    CHECK(got.engines.size() == 1);
    CHECK_FALSE(decode(*encode(0, host("den")) + "more").has_value());
}

TEST_CASE("another sampler revision is refused") {
    auto theirs = host("den");
    theirs.sampler = sampler_revision + 1;
    CHECK(compare(host("here"), theirs).error().message ==
          R"(The peer "den" (Tightwad 0.1.0) has sampler revision 2 and this host (Tightwad 0.1.0) has 1, so their picks would differ; update the older of the two.)");
}

TEST_CASE("two targets have one digest when all that changes bits is the same and known") {
    served_engine a{.name = "a", .identity = "weights", .build = "1", .device = "cpu", .settings = "f16"};
    CHECK(exactness_digest(a).empty());
    a.exactness = exactness_class::bitwise;
    auto b = a;
    b.name = "b";
    CHECK(exactness_digest(a).size() == 64);
    CHECK(exactness_digest(a) == exactness_digest(b));
    b.build = "1c";
    b.device = "pu";
    CHECK(exactness_digest(a) != exactness_digest(b));
    b.identity.clear();
    CHECK(exactness_digest(b).empty());
}

TEST_CASE("another vocabulary is refused") {
    const served_engine big{.name = "big", .vocabulary = std::string(64, 'a')};
    served_engine small{.name = "small", .vocabulary = std::string(64, 'a')};
    CHECK(compare(big, small).has_value());
    small.vocabulary = std::string(64, 'b');
    CHECK(compare(big, small).error().message ==
          R"(The peer's model "small" has another vocabulary (bbbbbbbbbbbb) than "big" (aaaaaaaaaaaa); use two models of one family.)");
}
