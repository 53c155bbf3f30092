// Everything known about how one answer may go on, joined into its likeliest continuation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "speculation/acceptance.hpp"
#include "speculation/consensus.hpp"
#include "speculation/messages.hpp"
#include "speculation/sources.hpp"
#include "speculation/suffix_index.hpp"

namespace tw {

// A drafted token and who proposed it.
struct drafted_token {
    std::int32_t token = 0;
    draft_source source = draft_source::ngram;
    std::size_t drafter = 0; // of draft_source::model, which one
    tw::grade grade = 0;
    double chance = 0; // that it stands, if those before it do
    bool agreed = false; // enough drafters proposed it: it stands whatever the target says
};

// Follows one answer of the verifier: its committed tokens, what drafters posted for it (streams and
// branches alike, found by the digest of the prefix they follow), its repetitions, and the client's
// prediction. Not thread-safe.
class draft_path {
  public:
    // `prompt` is committed; `prediction` is what the client expects as the answer, or empty.
    draft_path(std::span<const std::int32_t> prompt, std::span<const std::int32_t> prediction, std::size_t drafters,
               consensus believed = {});

    // Batches that follow no prefix of interest are kept until the answer has passed them.
    void post(std::size_t drafter, const draft_batch& batch);

    // The answer went on: `tokens` are committed.
    void commit(std::span<const std::int32_t> tokens);

    // How the last commit() ended for a drafter.
    enum class ending {
        as_drafted, // or it had proposed nothing for the last place
        corrected,  // it had proposed another token there
        cached,     // likewise, and what follows the correction was here before: from a branch
    };
    [[nodiscard]] ending ended(std::size_t drafter) const { return endings_[drafter]; }

    [[nodiscard]] std::span<const std::int32_t> committed() const { return tokens_; }
    [[nodiscard]] prefix_digest prefix() const { return prefix_; }

    using rates = std::vector<acceptance_rate>; // [ngram, prediction, drafter 0, drafter 1, …]

    // The likeliest continuation, at most `most` tokens. `all` are the estimates over all answers.
    [[nodiscard]] std::vector<drafted_token> best(std::size_t most, const rates& all) const;

    // What each source says comes next, whether it is used or not: a free observation once that is known.
    [[nodiscard]] std::vector<drafted_token> next(const rates& all) const;

    // This answer's own estimates, in the order of `rates`.
    [[nodiscard]] rates& own() { return own_; }
    [[nodiscard]] const rates& own() const { return own_; }

    static std::size_t index_of(const drafted_token& token);
    static constexpr double prior_weight = 4;
    // `memory` and `weight` are those of acceptance_rate; `weight` of the models' alone.
    [[nodiscard]] static rates fresh(std::size_t drafters, double memory, double weight = prior_weight);
    // Nothing is known of this drafter yet, the next one or one whose place was another's.
    static void admit(rates& all, std::size_t drafter, double memory, double weight = prior_weight);
    void admit(std::size_t drafter);

  private:
    struct posted {
        proposal what;
        std::size_t drafter;
        std::uint32_t at; // index of the token
    };
    struct cursors { // where the two texts stand, while the path follows them
        std::optional<suffix_index::match> repetition, expected;
    };

    [[nodiscard]] cursors root() const;
    [[nodiscard]] std::int32_t at(std::size_t index, std::span<const drafted_token> path) const;
    void candidates(const cursors& where, prefix_digest prefix, std::span<const drafted_token> path, const rates& all,
                    std::vector<drafted_token>& out) const;
    [[nodiscard]] drafted_token judged(drafted_token token, const rates& all) const;
    void agree(std::vector<drafted_token>& choices) const;
    void realign(std::int32_t token);

    std::vector<std::int32_t> tokens_;
    prefix_digest prefix_ = empty_prefix;
    suffix_index said_, prediction_;
    cursors root_;                 // where both texts stand behind the committed tokens
    suffix_index::match expected_; // where the answer stands in the prediction
    std::unordered_multimap<prefix_digest, posted> board_;
    rates own_;
    std::vector<ending> endings_; // per drafter
    consensus believed_;
};

} // namespace tw
