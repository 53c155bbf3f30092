// A small deterministic model whose logits depend on the shape of a pass where it is told so.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include <tightwad/sdk/engine.hpp>

#include "bridge/engine.hpp"

namespace shape {

inline constexpr std::int32_t n_vocab = 40, n_batch = 256;

// Options (all off by default):
// `single_beyond`: one row alone takes another path once more cells than this are in use, 0 =
// never; `same_least`, `same_most`: pass sizes in this range agree, every other size has bits of
// its own; `beside`: another path when more than one sequence is in the pass; `leftovers`: other
// sequences' cells leak in, in the pass or not; `roll_back`: cells written over cells that were
// rolled back differ; `odd_chunk`: a pass of this many rows differs; `decoded`: cells made by
// passes that want logits differ from those made by passes that want none; `output_rows`: the
// number of rows that want logits decides; `noise`: no two decodes agree; `truncates`, `fail_at`
// (the n-th decode).
class engine : public tw::sdk::engine {
  public:
    static void check(const tw::sdk::config&) {}

    engine(tw::sdk::host, const tw::sdk::config& config, tw::sdk::progress)
        : slots_(number(config, "slots", 8)), context_(number(config, "context", 1024)),
          single_beyond_(number(config, "single_beyond", 0)),
          same_least_(number(config, "same_least", 1)),
          same_most_(number(config, "same_most", n_batch)),
          odd_chunk_(number(config, "odd_chunk", 0)), fail_at_(number(config, "fail_at", 0)),
          pass_us_(number(config, "pass_us", 0)), row_us_(number(config, "row_us", 0)),
          beside_(config.boolean("beside", false)), leftovers_(config.boolean("leftovers", false)),
          roll_back_(config.boolean("roll_back", false)),
          decoded_(config.boolean("decoded", false)),
          output_rows_(config.boolean("output_rows", false)),
          noise_(config.boolean("noise", false)), truncates_(config.boolean("truncates", true)),
          caches_(static_cast<std::size_t>(slots_)), spoilt_(static_cast<std::size_t>(slots_), 0) {}

    [[nodiscard]] tw::sdk::engine_info info() const {
        return {.n_vocab = n_vocab,
                .n_ctx = context_,
                .n_seq = slots_,
                .n_batch = n_batch,
                .bos = 0,
                .add_bos = true,
                .truncates = truncates_,
                .weight_bytes = 1,
                .model = "shape",
                .device = "test",
                .build = "1"};
    }
    [[nodiscard]] tw::sdk::token_info token(std::int32_t id) const {
        if (id < 2) return {.flags = TW_TOKEN_CONTROL | TW_TOKEN_EOG, .text = "<>"};
        return {.text = "a", .piece = "a"};
    }
    [[nodiscard]] std::vector<std::int32_t> tokenize(std::string_view, bool, bool) const {
        return {};
    }

    tw::sdk::logits decode(std::span<const tw_row> rows) {
        using tw::sdk::failure;
        if (++decodes_ == fail_at_) throw failure(TW_INTERNAL, "The engine was told to fail here.");
        if (rows.size() > n_batch) throw failure(TW_INVALID_ARGUMENT, "Too many rows.");
        const auto least = pass_us_ + row_us_ * static_cast<std::int32_t>(rows.size());
        if (least > 0) std::this_thread::sleep_for(std::chrono::microseconds(least));
        std::int32_t wanted = 0;
        std::set<std::int32_t> sequences;
        for (const auto& row : rows) {
            wanted += row.want_logits;
            sequences.insert(row.seq);
        }
        check_equal_counts(rows, sequences.size());
        logits_.clear();
        for (const auto& row : rows) {
            auto& cache = caches_.at(static_cast<std::size_t>(row.seq));
            const auto at = static_cast<std::int32_t>(cache.size());
            if (row.pos != at || at >= context_)
                throw failure(TW_INVALID_ARGUMENT, "A row is out of place.");
            if (row.token < 0 || row.token >= n_vocab || (row.token < 2 && at > 0))
                throw failure(TW_INVALID_ARGUMENT, "No plausible token.");
            auto state =
                mix((cache.empty() ? 7 : cache.back()) ^ static_cast<std::uint64_t>(row.token + 1));
            state = mix(state ^ path(static_cast<std::int32_t>(rows.size()), wanted,
                                     sequences.size(), row));
            cache.push_back(state);
            if (row.want_logits == 0) continue;
            if (output_rows_) state = mix(state + static_cast<std::uint64_t>(wanted));
            for (std::uint64_t id = 0; id < n_vocab; ++id)
                logits_.push_back(static_cast<float>(mix(state + id) >> 40U));
        }
        return {
            .data = wanted == 0 ? nullptr : logits_.data(), .n_rows = wanted, .n_vocab = n_vocab};
    }

    void truncate(std::int32_t seq, std::int32_t length) {
        const auto at = static_cast<std::size_t>(seq), keep = static_cast<std::size_t>(length);
        if (keep >= caches_.at(at).size()) return;
        caches_[at].resize(keep);
        spoilt_[at] = length == 0 ? 0 : length;
    }

  private:
    static std::int32_t number(const tw::sdk::config& config, const char* key,
                               std::int32_t fallback) {
        return config.integer(key, fallback, 0, 1 << 20);
    }
    static std::uint64_t mix(std::uint64_t x) {
        x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
        return x ^ (x >> 31U);
    }
    // A real engine would cut such a pass into several.
    static void check_equal_counts(std::span<const tw_row> rows, std::size_t sequences) {
        std::vector<std::size_t> counts;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (i > 0 && rows[i].seq < rows[i - 1].seq)
                throw tw::sdk::failure(TW_INVALID_ARGUMENT, "The rows are not sorted.");
            if (i == 0 || rows[i].seq != rows[i - 1].seq) counts.push_back(0);
            ++counts.back();
        }
        for (const auto count : counts)
            if (count * sequences != rows.size())
                throw tw::sdk::failure(TW_INVALID_ARGUMENT,
                                       "The sequences bring unequal numbers of rows.");
    }
    // Which path through the machine a row takes: rows of one path have the same bits.
    std::uint64_t path(std::int32_t rows, std::int32_t wanted, std::size_t sequences,
                       const tw_row& row) {
        std::uint64_t out = 0;
        if (single_beyond_ > 0 && rows == 1 && row.pos >= single_beyond_) out += 1;
        if (rows < same_least_ || rows > same_most_) out += 16 * static_cast<std::uint64_t>(rows);
        if (beside_ && sequences > 1) out += 1 << 12;
        if (odd_chunk_ == rows) out += 1 << 13;
        if (decoded_ && wanted > 0) out += 1 << 14;
        const auto spoilt = spoilt_[static_cast<std::size_t>(row.seq)];
        if (roll_back_ && spoilt > 0 && row.pos >= spoilt) out += 1 << 15;
        if (noise_) out += static_cast<std::uint64_t>(decodes_) << 20U;
        if (leftovers_)
            for (std::size_t seq = 0; seq < caches_.size(); ++seq)
                if (static_cast<std::int32_t>(seq) != row.seq) out += caches_[seq].size() << 40U;
        return out;
    }

    std::int32_t slots_, context_, single_beyond_, same_least_, same_most_, odd_chunk_, fail_at_,
        pass_us_, row_us_;
    bool beside_, leftovers_, roll_back_, decoded_, output_rows_, noise_, truncates_;
    std::int32_t decodes_ = 0;
    std::vector<std::vector<std::uint64_t>> caches_; // per sequence, a state for each cell
    std::vector<std::int32_t> spoilt_;               // rolled back to here, 0 = never
    std::vector<float> logits_;
};

inline std::unique_ptr<tw::engine> model(const std::string& options = "{}") {
    static const auto* api =
        static_cast<const tw_engine_v1*>(tw::sdk::engine::query<engine>(TW_ENGINE_V1));
    auto made =
        tw::engine::create(*api, "shape", std::make_unique<tw::plugin_host>("shape"), options, {});
    REQUIRE(made.has_value());
    return std::move(*made);
}

} // namespace shape
