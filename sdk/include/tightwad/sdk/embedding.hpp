// Base class of an engine's embeddings: derive from it, write these functions, name it in
// TIGHTWAD_PLUGIN beside the engine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include <tightwad/abi/ext/embedding.h>
#include <tightwad/sdk/error.hpp>

namespace tw::sdk {

// As tw_embedding_info.
struct embedding_info {
    std::int32_t dimensions = 0, n_tokens = 0, n_texts = 0;
};

// Embeddings are a class with
//   using engine = …;                                the engine class of the same plugin
//   static embedding_info info(const engine&);       any thread
//   static void embed(engine&, std::span<const tw_embedding_text> texts, std::span<float> out);
// Both may throw failure; abi/ext/embedding.h says what each must do.
class embedding {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        return interface_id == TW_EMBEDDING_V1 ? &interface_table<Self> : nullptr;
    }

  private:
    template <class Self> static auto& of(tw_engine* engine) {
        return *reinterpret_cast<typename Self::engine*>(engine);
    }

    template <class Self>
    static tw_code info_fn(tw_engine* engine, tw_embedding_info* out, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const embedding_info i = Self::info(of<Self>(engine));
            *out = {std::min<std::uint32_t>(out->size, sizeof *out), i.dimensions, i.n_tokens,
                    i.n_texts};
        });
    }
    template <class Self>
    static tw_code embed_fn(tw_engine* engine, const tw_embedding_text* texts, std::size_t n,
                            float* out, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const auto width = static_cast<std::size_t>(Self::info(of<Self>(engine)).dimensions);
            Self::embed(of<Self>(engine), {texts, n}, {out, n * width});
        });
    }

    template <class Self>
    static constexpr tw_embedding_v1 interface_table{.size = sizeof(tw_embedding_v1),
                                                     .info = &info_fn<Self>,
                                                     .embed = &embed_fn<Self>};
};

} // namespace tw::sdk
