// Fading counts with a prior.
#include "speculation/acceptance.hpp"

namespace tw {

acceptance_rate::acceptance_rate(std::array<double, grades> prior, double weight, double memory)
    : prior_(prior), weight_(weight), fade_(1 - 1 / memory) {}

void acceptance_rate::record(grade sure, bool accepted) {
    for (auto& each : counts_) {
        each.seen *= fade_;
        each.accepted *= fade_;
    }
    counts_[sure].seen += 1;
    counts_[sure].accepted += accepted ? 1 : 0;
}

double acceptance_rate::chance(grade sure) const {
    const auto& got = counts_[sure];
    return (prior_[sure] * weight_ + got.accepted) / (weight_ + got.seen);
}

double acceptance_rate::chance(grade sure, const acceptance_rate& all) const {
    const auto& got = counts_[sure];
    return (all.chance(sure) * weight_ + got.accepted) / (weight_ + got.seen);
}

double acceptance_rate::seen() const {
    double sum = 0;
    for (const auto& each : counts_) sum += each.seen;
    return sum;
}

double acceptance_rate::mean() const {
    double seen = 0, accepted = 0, prior = 0;
    for (std::size_t i = 0; i < grades; ++i) {
        seen += counts_[i].seen;
        accepted += counts_[i].accepted;
        prior += prior_[i] / static_cast<double>(grades);
    }
    return (prior * weight_ + accepted) / (weight_ + seen);
}

double acceptance_rate::mean(const acceptance_rate& all) const {
    double accepted = all.mean() * weight_, seen = weight_;
    for (const auto& each : counts_) {
        accepted += each.accepted;
        seen += each.seen;
    }
    return accepted / seen;
}

} // namespace tw
