// top_k, top_p and min_p: where the order of the tokens is cut.
#pragma once

#include "sampling/kernels.hpp"
#include "sampling/params.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace tw {

/// A place in the order "larger logit first, then smaller id". The token at the place survives.
struct cut {
    double logit = -std::numeric_limits<double>::infinity();
    std::int32_t id = std::numeric_limits<std::int32_t>::max();

    [[nodiscard]] bool survives(float other, std::int32_t other_id) const noexcept {
        const double l = other;
        return l > logit || (l == logit && other_id <= id);
    }
};

/// Finds the cut without sorting the vocabulary. Keeps its buffers between rows; not thread-safe.
class truncation {
  public:
    struct item {
        float logit;
        std::int32_t id;
    };

    /// `max` is the row's largest logit, finite. The maximum always survives.
    [[nodiscard]] cut find(const sampling_params& params, std::span<const float> logits, float max,
                           const kernels& run);
    /// The first `k` tokens of that order, themselves in any; fewer where no more are above
    /// -infinity. Valid until the next call.
    [[nodiscard]] std::span<const item> largest(std::span<const float> logits, std::size_t k,
                                                const kernels& run);

  private:
    struct share {
        item token;
        std::uint64_t weight;
    };
    static bool ahead(const item& a, const item& b) noexcept;

    /// Fills weights_ and buckets_; returns the total weight.
    [[nodiscard]] double weigh(std::span<const float> logits, float max, const kernels& run);
    void keep_top_k(std::span<const float> logits, std::size_t k, const kernels& run);
    [[nodiscard]] cut head_of_row(std::span<const float> logits, float max, double p,
                                  const kernels& run);
    [[nodiscard]] cut head_of_kept(float max, double p, const kernels& run);
    [[nodiscard]] cut head(std::uint64_t before, double target);

    std::vector<item> kept_;
    std::vector<share> shares_;
    std::vector<float> row_;
    std::vector<std::uint64_t> weights_, bucket_weights_;
    std::vector<std::int32_t> buckets_;
};

} // namespace tw
