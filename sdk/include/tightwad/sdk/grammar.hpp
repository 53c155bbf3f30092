// Base class of an engine's grammars: derive from it, write these functions, name it in
// TIGHTWAD_PLUGIN beside the engine.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <tightwad/abi/ext/grammar.h>
#include <tightwad/sdk/error.hpp>

namespace tw::sdk {

// A grammar is a class that can be copied, which makes another one at the same place, with
//   using engine = …;                                the engine class of the same plugin
//   Grammar(const engine&, std::string_view spec_json);
//   void allowed(std::span<const std::int32_t> tokens, std::span<std::uint8_t> out) const;
//   void accept(std::int32_t token);
// All of them may throw failure; abi/ext/grammar.h says what each must do.
class grammar {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        return interface_id == TW_GRAMMAR_V1 ? &interface_table<Self> : nullptr;
    }

  private:
    template <class Self> static const Self& of(const tw_grammar* self) {
        return *reinterpret_cast<const Self*>(self);
    }
    template <class Self> static tw_grammar* released(std::unique_ptr<Self> made) {
        return reinterpret_cast<tw_grammar*>(made.release());
    }

    template <class Self>
    static tw_code create_fn(tw_engine* raw, tw_str spec, tw_grammar** out,
                             tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const auto& engine = *reinterpret_cast<const typename Self::engine*>(raw);
            *out = released(std::make_unique<Self>(engine, view(spec)));
        });
    }
    template <class Self>
    static tw_code clone_fn(const tw_grammar* self, tw_grammar** out, tw_error* error) noexcept {
        return detail::guarded(
            error, [&] { *out = released(std::make_unique<Self>(of<Self>(self))); });
    }
    template <class Self> static void destroy_fn(tw_grammar* self) noexcept {
        delete reinterpret_cast<Self*>(self);
    }
    template <class Self>
    static tw_code allowed_fn(const tw_grammar* self, const std::int32_t* tokens, std::size_t n,
                              std::uint8_t* out, tw_error* error) noexcept {
        return detail::guarded(error,
                               [&] { of<Self>(self).allowed({tokens, n}, {out, n}); });
    }
    template <class Self>
    static tw_code accept_fn(tw_grammar* self, std::int32_t token, tw_error* error) noexcept {
        return detail::guarded(error,
                               [&] { reinterpret_cast<Self*>(self)->accept(token); });
    }

    template <class Self>
    static constexpr tw_grammar_v1 interface_table{.size = sizeof(tw_grammar_v1),
                                                   .create = &create_fn<Self>,
                                                   .clone = &clone_fn<Self>,
                                                   .destroy = &destroy_fn<Self>,
                                                   .allowed = &allowed_fn<Self>,
                                                   .accept = &accept_fn<Self>};
};

} // namespace tw::sdk
