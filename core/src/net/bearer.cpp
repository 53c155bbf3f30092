// The bearer token, compared by digest.
#include "net/bearer.hpp"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace tw::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::array<unsigned char, 32> hash(std::string_view bytes) {
    std::array<unsigned char, 32> out{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data());
    return out;
}

} // namespace

bearer_token::bearer_token(std::string_view token) : digest_(hash(token)) {}

bool bearer_token::matches(std::string_view guess) const {
    const auto guessed = hash(guess);
    return CRYPTO_memcmp(guessed.data(), digest_.data(), guessed.size()) == 0;
}

std::string_view bearer_of(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer";
    if (authorization.size() <= scheme.size() || authorization[scheme.size()] != ' ') return {};
    if (!std::ranges::equal(authorization.substr(0, scheme.size()), scheme, {}, lower)) return {};
    authorization.remove_prefix(scheme.size());
    authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
    return authorization;
}

} // namespace tw::net
