// The digest of a certificate, in hex.
#include "net/fingerprint.hpp"

#include <array>

#include <openssl/evp.h>

namespace tw::net {

std::string fingerprint_of(const X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &size);
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
        constexpr auto hex = "0123456789abcdef";
        out += hex[digest[i] >> 4U];
        out += hex[digest[i] & 15U];
    }
    return out;
}

} // namespace tw::net
