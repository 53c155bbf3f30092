// Random names from the system's generator.
#include "front/ids.hpp"

#include <random>

namespace tw::front {

std::string random_id(std::string_view prefix) {
    constexpr std::string_view alphabet =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    thread_local std::random_device device;
    std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1);
    std::string out(prefix);
    for (int i = 0; i < 24; ++i)
        out += alphabet[pick(device)];
    return out;
}

std::uint64_t random_seed() {
    thread_local std::random_device device;
    return std::uniform_int_distribution<std::uint64_t>(0, (std::uint64_t{1} << 53U) - 1)(device);
}

} // namespace tw::front
