// The engine on the probe's bench.
#include "exactness/stage.hpp"

#include <algorithm>

#include "base/median.hpp"
#include "sampling/digest.hpp"

namespace tw::exactness {
namespace {

// Tokens an answer could hold; all of them where the vocabulary has no such token.
std::vector<std::int32_t> plain_ids(const engine& model) {
    std::vector<std::int32_t> plain, all;
    for (std::int32_t id = 0; id < model.info().n_vocab; ++id) {
        all.push_back(id);
        const auto& token = model.vocabulary()[static_cast<std::size_t>(id)];
        if ((token.flags & (TW_TOKEN_CONTROL | TW_TOKEN_EOG | TW_TOKEN_BYTE)) == 0)
            plain.push_back(id);
    }
    return plain.empty() ? all : plain;
}

} // namespace

stage::stage(engine& model, const std::function<bool(float)>& progress, double weight)
    : model_(&model), progress_(&progress), weight_(weight), ids_(plain_ids(model)),
      held_(static_cast<std::size_t>(model.info().n_seq), 0) {}

std::int32_t stage::token(std::int32_t seq, std::int32_t position, bool right) const {
    if (position == 0 && model_->info().add_bos && model_->info().bos >= 0)
        return model_->info().bos;
    const auto key =
        (static_cast<std::uint64_t>(seq) << 32U) + static_cast<std::uint64_t>(position) * 2;
    const auto n = ids_.size();
    const auto at = static_cast<std::size_t>(mix64(key + 1) % n);
    if (right || n == 1) return ids_[at];
    return ids_[(at + 1 + static_cast<std::size_t>(mix64(key + 2) % (n - 1))) % n];
}

void stage::cut(std::int32_t seq, std::int32_t length) {
    auto& held = held_.at(static_cast<std::size_t>(seq));
    if (held <= length) return;
    if (const auto done = model_->truncate(seq, length); !done) throw halted{done.error()};
    held = length;
}

digests stage::pass(const std::vector<share>& shares, std::int32_t ours, wanted want) {
    rows_.clear();
    std::int32_t before = 0, right = 0;
    for (const auto& each : shares) {
        if (each.seq == ours) before = static_cast<std::int32_t>(rows_.size()), right = each.right;
        for (std::int32_t i = 0; i < each.right + each.wrong; ++i) {
            const auto at = held(each.seq) + i;
            rows_.push_back(
                {each.seq, at, token(each.seq, at, i < each.right), want == wanted::every});
        }
    }
    if (want == wanted::last) rows_[static_cast<std::size_t>(before + right) - 1].want_logits = 1;

    const auto start = std::chrono::steady_clock::now();
    const auto logits = model_->decode(rows_);
    last_ms_ =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    if (!logits) throw halted{logits.error()};
    digests out;
    if (want == wanted::last)
        out.push_back(digest(logits->row(0)));
    else if (want == wanted::every)
        for (std::int32_t i = 0; i < right; ++i)
            out.push_back(digest(logits->row(before + i)));

    for (const auto& each : shares) {
        auto& held = held_[static_cast<std::size_t>(each.seq)];
        const auto keep = held + each.right;
        held = keep + each.wrong;
        most_cells_ = std::max(most_cells_, held);
        cut(each.seq, keep);
    }
    done_ += 1 + static_cast<double>(rows_.size());
    if (*progress_ && !(*progress_)(static_cast<float>(std::min(0.99, done_ / weight_))))
        throw halted{fail(code::cancelled, "The exactness probe was cancelled.")};
    return out;
}

void stage::fill(std::int32_t seq, std::int32_t length, std::int32_t chunk, std::int32_t least) {
    while (held(seq) < length) {
        const auto rows = std::min(chunk, length - held(seq));
        pass({{seq, rows, std::max(0, least - rows)}}, seq, wanted::none);
    }
}

digests stage::window(std::int32_t seq, std::int32_t from, std::int32_t count, std::int32_t rows,
                      wanted want) {
    cut(seq, from);
    digests out;
    for (std::int32_t at = 0; at < count; at += rows) {
        const auto got = pass({{seq, rows, 0}}, seq, want);
        out.insert(out.end(), got.begin(), got.end());
        if (keep_times_ && want == wanted::every) times_[rows].push_back(last_ms_);
    }
    if (want == wanted::every) out.resize(static_cast<std::size_t>(count));
    return out;
}

double stage::median_ms(std::int32_t rows) const {
    const auto found = times_.find(rows);
    if (found == times_.end()) return 0;
    auto sorted = found->second;
    return median(sorted);
}

std::size_t stage::times(std::int32_t rows) const {
    const auto found = times_.find(rows);
    return found == times_.end() ? 0 : found->second.size();
}

} // namespace tw::exactness
