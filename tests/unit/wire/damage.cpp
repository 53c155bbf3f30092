// Cut, changed, lengthened and invented frames are read or refused in words, and do no harm.
#include <catch2/catch_test_macros.hpp>

#include "unit/wire/random_messages.hpp"

using namespace tw;
using namespace tw::wire;

namespace {

// A frame, or a sentence; and a frame can be sent on.
void take(std::string_view bytes) {
    const auto got = decode(bytes);
    if (!got) {
        if (got.error().code != code::corrupt || got.error().message.size() < 10 || got.error().message.back() != '.')
            FAIL("no sentence: " + got.error().message);
        return;
    }
    const auto written = encode(got->channel, got->body);
    REQUIRE(written.has_value());
    const auto second = decode(*written);
    REQUIRE(second.has_value());
    if (encode(second->channel, second->body).value() != *written) FAIL("not written as it was read");
}

std::vector<std::string> frames() {
    test::random_source random(2);
    std::vector<std::string> out;
    for (std::size_t index = 0; index < std::variant_size_v<message>; ++index)
        for (int i = 0; i < 12; ++i) {
            auto bytes = encode(index < 4 ? 0 : 9, random.make_any(index)).value();
            if (bytes.size() < 2000) out.push_back(std::move(bytes));
        }
    return out;
}

} // namespace

TEST_CASE("a frame cut anywhere is refused") {
    for (const auto& bytes : frames())
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const auto got = decode(std::string_view(bytes).substr(0, size));
            REQUIRE_FALSE(got.has_value());
            REQUIRE(got.error().code == code::corrupt);
        }
}

TEST_CASE("a frame with any byte changed is read or refused") {
    for (const auto& bytes : frames())
        for (std::size_t at = 0; at < bytes.size(); ++at)
            for (const int change : {0x01, 0x02, 0x40, 0x80, 0xFF}) {
                auto changed = bytes;
                changed[at] = static_cast<char>(changed[at] ^ change);
                take(changed);
            }
}

TEST_CASE("a frame with a byte too many is refused") {
    for (const auto& bytes : frames()) REQUIRE_FALSE(decode(bytes + '\0').has_value());
}

TEST_CASE("random bytes behind any kind are read or refused") {
    std::mt19937_64 random(3);
    for (int i = 0; i < 50'000; ++i) {
        std::string bytes(2 + random() % 40, '\0');
        for (auto& each : bytes) each = static_cast<char>(random() % 4 == 0 ? random() : random() % 3);
        bytes[0] = static_cast<char>(random() % 0x2B);
        take(bytes);
    }
}
