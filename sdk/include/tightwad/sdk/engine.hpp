// Base class of a token-level engine: derive from it, write these functions, name it in
// TIGHTWAD_PLUGIN.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <tightwad/abi/ext/engine.h>
#include <tightwad/sdk/config.hpp>
#include <tightwad/sdk/host.hpp>
#include <tightwad/sdk/plugin.hpp>

namespace tw::sdk {

// How a load reports; may be called from the constructor only. report() throws TW_CANCELLED when
// the host gives up; ask() says so instead, for callbacks through foreign code.
class progress {
  public:
    explicit progress(const tw_progress* raw) : raw_(raw) {}

    [[nodiscard]] bool ask(float fraction) const {
        return raw_ == nullptr || raw_->report == nullptr || raw_->report(raw_, fraction) != 0;
    }
    void report(float fraction) const {
        if (!ask(fraction)) throw failure{TW_CANCELLED, "The load was cancelled."};
    }

  private:
    const tw_progress* raw_;
};

// As tw_engine_info. The views must stay valid until the engine is destroyed.
struct engine_info {
    std::int32_t n_vocab = 0, n_ctx = 0, n_seq = 0, n_batch = 0;
    std::int32_t bos = -1;
    bool add_bos = false;
    bool truncates = true;
    std::int64_t weight_bytes = 0;
    std::string_view model{}, device{}, build{}, chat_template{}, identity{};
};

// As tw_token. The views must stay valid until the engine is destroyed.
struct token_info {
    std::uint32_t flags = 0, attributes = 0;
    std::string_view text{}, piece{};
};

// The rows that wanted logits, n_vocab floats each; valid until the next decode.
struct logits {
    const float* data = nullptr;
    std::int32_t n_rows = 0, n_vocab = 0;
};

// An engine is a class with
//   static constexpr std::array options{…};                        optional
//   static void check(const config&);                              looks, does not load
//   Engine(host, const config&, progress);                         loads
//   engine_info info() const;                                      any thread
//   token_info token(std::int32_t id) const;                       any thread; id is in range
//   std::vector<std::int32_t> tokenize(std::string_view text, bool special, bool bos) const;
//   logits decode(std::span<const tw_row> rows);                   must not allocate per call
//   void truncate(std::int32_t seq, std::int32_t length);
// All but info may throw failure; abi/ext/engine.h says what each must do.
class engine {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        return interface_id == TW_ENGINE_V1 ? &interface_table<Self> : nullptr;
    }

  private:
    template <class Self> static Self& of(tw_engine* self) {
        return *reinterpret_cast<Self*>(self);
    }

    template <class Self> static tw_code check_fn(tw_str json, tw_error* error) noexcept {
        return detail::guarded(error, [&] { Self::check(config{view(json)}); });
    }
    template <class Self>
    static tw_code create_fn(const tw_host* raw, tw_str json, const tw_progress* report,
                             tw_engine** out, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            *out = reinterpret_cast<tw_engine*>(
                std::make_unique<Self>(host{raw}, config{view(json)}, progress{report}).release());
        });
    }
    template <class Self> static void destroy_fn(tw_engine* self) noexcept {
        delete reinterpret_cast<Self*>(self);
    }
    template <class Self> static void info_fn(tw_engine* self, tw_engine_info* out) noexcept {
        const engine_info i = static_cast<const Self&>(of<Self>(self)).info();
        const tw_engine_info whole{.size = std::min<std::uint32_t>(out->size, sizeof *out),
                                   .n_vocab = i.n_vocab,
                                   .n_ctx = i.n_ctx,
                                   .n_seq = i.n_seq,
                                   .n_batch = i.n_batch,
                                   .bos = i.bos,
                                   .add_bos = i.add_bos ? 1 : 0,
                                   .truncates = i.truncates ? 1 : 0,
                                   .weight_bytes = i.weight_bytes,
                                   .model = str(i.model),
                                   .device = str(i.device),
                                   .build = str(i.build),
                                   .chat_template = str(i.chat_template),
                                   .identity = str(i.identity)};
        std::memcpy(out, &whole, whole.size); // an older host has room for less
    }
    template <class Self>
    static tw_code token_fn(tw_engine* self, std::int32_t id, tw_token* out,
                            tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const token_info t = static_cast<const Self&>(of<Self>(self)).token(id);
            *out = {std::min<std::uint32_t>(out->size, sizeof *out), t.flags, t.attributes,
                    str(t.text), str(t.piece)};
        });
    }
    template <class Self>
    static tw_code tokenize_fn(tw_engine* self, tw_str text, std::uint32_t flags, std::int32_t* out,
                               std::size_t capacity, std::size_t* n, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const std::vector<std::int32_t> ids =
                static_cast<const Self&>(of<Self>(self))
                    .tokenize(view(text), (flags & TW_TOKENIZE_SPECIAL) != 0,
                              (flags & TW_TOKENIZE_BOS) != 0);
            *n = ids.size();
            if (ids.size() <= capacity) std::copy(ids.begin(), ids.end(), out);
        });
    }
    template <class Self>
    static tw_code decode_fn(tw_engine* self, const tw_row* rows, std::size_t n_rows,
                             tw_logits* out, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const logits view = of<Self>(self).decode(std::span<const tw_row>(rows, n_rows));
            *out = {std::min<std::uint32_t>(out->size, sizeof *out), view.n_rows, view.n_vocab,
                    view.data};
        });
    }
    template <class Self>
    static tw_code truncate_fn(tw_engine* self, std::int32_t seq, std::int32_t length,
                               tw_error* error) noexcept {
        return detail::guarded(error, [&] { of<Self>(self).truncate(seq, length); });
    }

    template <class Self>
    static constexpr tw_engine_v1 interface_table{.size = sizeof(tw_engine_v1),
                                                  .options = detail::options_of<Self>(),
                                                  .check = &check_fn<Self>,
                                                  .create = &create_fn<Self>,
                                                  .destroy = &destroy_fn<Self>,
                                                  .info = &info_fn<Self>,
                                                  .token = &token_fn<Self>,
                                                  .tokenize = &tokenize_fn<Self>,
                                                  .decode = &decode_fn<Self>,
                                                  .truncate = &truncate_fn<Self>};
};

} // namespace tw::sdk
