// The bearer token, compared by digest.
#include "front/auth.hpp"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace tw::front {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// What follows "Bearer " in an Authorization header, empty for another scheme.
std::string_view bearer(std::string_view header) {
    constexpr std::string_view scheme = "bearer";
    if (header.size() <= scheme.size() || header[scheme.size()] != ' ') return {};
    if (!std::ranges::equal(header.substr(0, scheme.size()), scheme, {}, lower)) return {};
    header.remove_prefix(scheme.size());
    header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
    return header;
}

} // namespace

authorizer::authorizer(const std::optional<std::string>& token) {
    if (token) token_ = hash(*token);
}

authorizer::digest authorizer::hash(std::string_view bytes) {
    digest out{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data());
    return out;
}

bool authorizer::matches(std::string_view guess) const {
    const auto guessed = hash(guess);
    return CRYPTO_memcmp(guessed.data(), token_->data(), guessed.size()) == 0;
}

bool authorizer::allows(const request_head& head) const {
    return !token_ || matches(bearer(head.authorization)) || matches(head.api_key);
}

} // namespace tw::front
