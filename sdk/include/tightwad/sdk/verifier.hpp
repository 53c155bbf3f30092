// Base class of a verifier: derive from it, write these functions, name it in TIGHTWAD_PLUGIN.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <tightwad/abi/ext/verifier.h>
#include <tightwad/sdk/config.hpp>
#include <tightwad/sdk/host.hpp>
#include <tightwad/sdk/plugin.hpp>

namespace tw::sdk {

// As tw_draft. The views are borrowed until judge returns.
struct draft {
    std::span<const std::int32_t> tokens; // proposed
    std::span<const std::int32_t> target; // the target's own pick at each position, one more
    std::string_view prompt{}, answer{};  // whole-answer judging, else empty
};

struct verdict {
    tw_verdict_kind kind = TW_VERDICT_ACCEPT;
    std::size_t n_accepted = 0;
    std::string correction{}; // the answer that replaces the draft, when kind is TW_VERDICT_CORRECT
};

// A verifier is a class with
//   static constexpr std::array options{…};    optional
//   static constexpr bool exact = …;           true: never changes what the target alone would say
//   Verifier(host, const config&);
//   verdict judge(const draft&) const;         any thread
// Any of them may throw failure; abi/ext/verifier.h says what each must do.
class verifier {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        return interface_id == TW_VERIFIER_V1 ? &interface_table<Self> : nullptr;
    }

  private:
    template <class Self>
    static tw_code create_fn(const tw_host* raw, tw_str json, tw_verifier** out,
                             tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            *out = reinterpret_cast<tw_verifier*>(
                std::make_unique<Self>(host{raw}, config{view(json)}).release());
        });
    }
    template <class Self> static void destroy_fn(tw_verifier* self) noexcept {
        delete reinterpret_cast<Self*>(self);
    }
    template <class Self>
    static tw_code judge_fn(tw_verifier* self, const tw_draft* d, tw_verdict* out,
                            const tw_writer* correction, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const std::size_t n_target = d->target == nullptr ? 0 : d->n_draft + 1;
            const verdict judged = reinterpret_cast<const Self*>(self)->judge(draft{
                {d->draft, d->n_draft}, {d->target, n_target}, view(d->prompt), view(d->answer)});
            out->kind = judged.kind;
            out->n_accepted = judged.n_accepted;
            if (judged.kind == TW_VERDICT_CORRECT) write(correction, judged.correction);
        });
    }

    template <class Self>
    static constexpr tw_verifier_v1 interface_table{.size = sizeof(tw_verifier_v1),
                                                    .options = detail::options_of<Self>(),
                                                    .exact = Self::exact ? 1 : 0,
                                                    .create = &create_fn<Self>,
                                                    .destroy = &destroy_fn<Self>,
                                                    .judge = &judge_fn<Self>};
};

} // namespace tw::sdk
