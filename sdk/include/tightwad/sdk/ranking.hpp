// Base class of an engine's rankings: derive from it, write these functions, name it in
// TIGHTWAD_PLUGIN beside the engine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <tightwad/abi/draft/ranking.h>
#include <tightwad/sdk/error.hpp>

namespace tw::sdk {

// As tw_ranking_info.
struct ranking_info {
    std::int32_t n_tokens = 0, n_pairs = 0;
};

// Rankings are a class with
//   using engine = …;                                the engine class of the same plugin
//   static ranking_info info(const engine&);         any thread
//   static std::vector<std::int32_t> pair(const engine&, std::string_view query,
//                                         std::string_view document);   any thread
//   static void score(engine&, std::span<const tw_embedding_text> pairs, std::span<float> out);
// All of them may throw failure; abi/draft/ranking.h says what each must do.
class ranking {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        return interface_id == TW_RANKING_V1 ? &interface_table<Self> : nullptr;
    }

  private:
    template <class Self> static auto& of(tw_engine* engine) {
        return *reinterpret_cast<typename Self::engine*>(engine);
    }

    template <class Self>
    static tw_code info_fn(tw_engine* engine, tw_ranking_info* out, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const ranking_info i = Self::info(of<Self>(engine));
            *out = {std::min<std::uint32_t>(out->size, sizeof *out), i.n_tokens, i.n_pairs};
        });
    }
    template <class Self>
    static tw_code pair_fn(tw_engine* engine, tw_str asked, tw_str document, std::int32_t* out,
                           std::size_t capacity, std::size_t* n, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const std::vector<std::int32_t> ids =
                Self::pair(of<Self>(engine), view(asked), view(document));
            *n = ids.size();
            if (ids.size() <= capacity) std::copy(ids.begin(), ids.end(), out);
        });
    }
    template <class Self>
    static tw_code score_fn(tw_engine* engine, const tw_embedding_text* pairs, std::size_t n,
                            float* out, tw_error* error) noexcept {
        return detail::guarded(error,
                               [&] { Self::score(of<Self>(engine), {pairs, n}, {out, n}); });
    }

    template <class Self>
    static constexpr tw_ranking_v1 interface_table{.size = sizeof(tw_ranking_v1),
                                                   .info = &info_fn<Self>,
                                                   .pair = &pair_fn<Self>,
                                                   .score = &score_fn<Self>};
};

} // namespace tw::sdk
