// Random names from the system's generator.
#include "front/ids.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>

#include <sys/random.h>

namespace tw::front {
namespace {

/// One call for all of them: std::random_device asks the processor for four bytes at a time, which takes it microseconds.
void fill(std::span<unsigned char> bytes) {
    while (!bytes.empty()) {
        const auto got = ::getrandom(bytes.data(), bytes.size(), 0);
        if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
        else if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
    }
}

} // namespace

std::string random_id(std::string_view prefix) {
    constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::size_t length = 24, even = 256 / alphabet.size() * alphabet.size(); // each letter is as likely below it
    std::string out(prefix);
    for (const auto whole = out.size() + length; out.size() < whole;) {
        std::array<unsigned char, 32> bytes{};
        fill(bytes);
        for (const auto byte : bytes)
            if (byte < even && out.size() < whole) out += alphabet[byte % alphabet.size()];
    }
    return out;
}

std::uint64_t random_seed() {
    std::array<unsigned char, sizeof(std::uint64_t)> bytes{};
    fill(bytes);
    std::uint64_t seed = 0;
    std::memcpy(&seed, bytes.data(), sizeof seed);
    return seed >> 11U;
}

} // namespace tw::front
