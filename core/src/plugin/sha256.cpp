// SHA-256 through OpenSSL's libcrypto.
#include "plugin/sha256.hpp"

#include <array>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <openssl/evp.h>

namespace tw {

struct sha256::state {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                    &EVP_MD_CTX_free};
};

sha256::sha256() : state_(std::make_unique<state>()) {
    if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL offers no SHA-256.");
}
sha256::~sha256() = default;

void sha256::update(std::string_view bytes) {
    EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

std::string sha256::hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size);
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (unsigned int i = 0; i < size; ++i) {
        out.push_back(digits[digest[i] >> 4U]);
        out.push_back(digits[digest[i] & 15U]);
    }
    return out;
}

result<std::string> sha256_of_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(code::not_found, path.string() + " cannot be read.");
    sha256 digest;
    std::vector<char> block(1U << 16U);
    while (file) {
        file.read(block.data(), static_cast<std::streamsize>(block.size()));
        digest.update({block.data(), static_cast<std::size_t>(file.gcount())});
    }
    if (file.bad()) return fail(code::unavailable, path.string() + " cannot be read to its end.");
    return digest.hex();
}

} // namespace tw
