// Documents in order through libllama's own head for that.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <tightwad/sdk/ranking.hpp>

namespace llamacpp {

class engine;

class ranking : public tw::sdk::ranking {
  public:
    using engine = llamacpp::engine;

    [[nodiscard]] static tw::sdk::ranking_info info(const engine& of);
    [[nodiscard]] static std::vector<std::int32_t> pair(const engine& of, std::string_view asked, std::string_view document);
    static void score(engine& of, std::span<const tw_embedding_text> pairs, std::span<float> out);
};

} // namespace llamacpp
