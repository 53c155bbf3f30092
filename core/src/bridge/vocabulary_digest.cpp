// One hash that says whether two models speak the same tokens.
#include "bridge/vocabulary_digest.hpp"

#include "plugin/sha256.hpp"

namespace tw {
namespace {

// Eight bytes, lowest first: the same on every machine, and no text can imitate a number.
void add_number(sha256& digest, std::uint64_t n) {
    char bytes[8];
    for (auto& byte : bytes) {
        byte = static_cast<char>(n & 0xFFU);
        n >>= 8U;
    }
    digest.update({bytes, sizeof bytes});
}

} // namespace

std::string digest_vocabulary(const engine_info& info,
                              const std::vector<engine::token_info>& vocabulary) {
    sha256 digest;
    digest.update("tightwad.vocabulary/1");
    add_number(digest, vocabulary.size());
    for (const auto& token : vocabulary) {
        add_number(digest, token.text.size());
        digest.update(token.text);
        add_number(digest, token.attributes);
    }
    add_number(digest, static_cast<std::uint64_t>(info.bos + 1));
    add_number(digest, info.add_bos ? 1 : 0);
    for (std::size_t id = 0; id < vocabulary.size(); ++id)
        if ((vocabulary[id].flags & TW_TOKEN_EOG) != 0) add_number(digest, id);
    return digest.hex();
}

} // namespace tw
