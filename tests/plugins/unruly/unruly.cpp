// The llamacpp engine with faults to order: it stalls, dies or talks nonsense. For tests and fault benches.
#include <array>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <tightwad/sdk/plugin.hpp>

#include "chat_template.hpp"
#include "engine.hpp"

namespace {

class unruly : public llamacpp::engine {
  public:
    static constexpr auto options = [] {
        constexpr std::array faults{
            tw::sdk::integer_option("stall_ms", "Milliseconds a stalling decode sleeps first.", "0", 0, 600000),
            tw::sdk::integer_option("stall_every", "Every how many-th decode stalls.", "1", 1, 1 << 30),
            tw::sdk::integer_option("die_after", "The decode, counted from 1, from which all fail; 0 = none.", "0", 0,
                                    1 << 30),
            tw::sdk::boolean_option("random", "Logits are noise that depends on token, position and sequence alone.",
                                    "false"),
        };
        constexpr auto own = llamacpp::engine::options;
        std::array<tw::sdk::option, own.size() + faults.size()> all{};
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = i < own.size() ? own[i] : faults[i - own.size()];
        return all;
    }();

    unruly(tw::sdk::host host, const tw::sdk::config& config, tw::sdk::progress progress)
        : engine(host, config, progress), stall_(config.integer("stall_ms", 0, 0, 600000)),
          stall_every_(config.integer("stall_every", 1, 1, 1 << 30)),
          die_after_(config.integer("die_after", 0, 0, 1 << 30)), random_(config.boolean("random", false)) {
        if (!random_) return;
        const auto about = info();
        noise_.resize(static_cast<std::size_t>(about.n_vocab) * static_cast<std::size_t>(about.n_batch));
    }

    tw::sdk::logits decode(std::span<const tw_row> rows) {
        ++decodes_;
        if (stall_.count() > 0 && decodes_ % stall_every_ == 0) std::this_thread::sleep_for(stall_);
        if (die_after_ > 0 && decodes_ >= die_after_)
            throw tw::sdk::failure(TW_INTERNAL, "The engine fails from decode " + std::to_string(die_after_) +
                                                    " on, as die_after asks.");
        auto logits = engine::decode(rows);
        if (random_ && logits.n_rows > 0) logits.data = noise(rows, static_cast<std::size_t>(logits.n_vocab));
        return logits;
    }

  private:
    // Noise of 0 … 16 for each row that wanted logits.
    const float* noise(std::span<const tw_row> rows, std::size_t n_vocab) {
        auto* out = noise_.data();
        for (const auto& row : rows) {
            if (row.want_logits == 0) continue;
            auto state = mix(mix(mix(static_cast<std::uint64_t>(row.seq)) + static_cast<std::uint64_t>(row.pos)) +
                             static_cast<std::uint64_t>(row.token));
            for (std::size_t i = 0; i < n_vocab; ++i, ++out)
                *out = static_cast<float>(mix(state += 0x9e3779b97f4a7c15U) >> 40U) * 0x1p-20F;
        }
        return noise_.data();
    }
    static std::uint64_t mix(std::uint64_t x) {
        x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
        x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
        return x ^ (x >> 31U);
    }

    std::chrono::milliseconds stall_;
    std::int64_t stall_every_, die_after_, decodes_ = 0;
    bool random_;
    std::vector<float> noise_;
};

} // namespace

TIGHTWAD_PLUGIN("unruly", "0.1.0", "The llamacpp engine with faults to order, for tests.", unruly,
                llamacpp::chat_template);
