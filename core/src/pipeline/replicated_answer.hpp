// One answer that may move from replica to replica while it runs, and is told to its client as one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "pipeline/replica_board.hpp"
#include "pipeline/replica_desk.hpp"

namespace tw {

// What happens to an answer whose replica is lost after a part of it was delivered.
enum class failover {
    same_bytes, // it goes on where the same bytes come: at a replica of equal exactness digest
    any,        // it goes on anywhere, and is marked where the bytes need not be the same
    none,       // it ends with the error
};

// The last refusal of several, with the soonest advice of all; one that a later try may not meet counts before one that
// stays.
void note_refusal(std::optional<error>& all, error next);

// An answer is a function of model, prompt, parameters and seed. So a lost one is asked for again, from its beginning
// and with the same seed; what was already delivered serves as prediction, is compared and not delivered again. Calls of
// tools, log probabilities, thoughts and what else adds up are not compared: once one was delivered, or text of an answer that may have calls
// or log probabilities, the answer stays where it is.
//
// Any thread. It calls sinks and pipelines without holding its lock, and start() only on the threads that call
// run_on(). It holds no pipeline, so that a replica's own thread may drop it last.
class replicated_answer final : public generation, public std::enable_shared_from_this<replicated_answer> {
  public:
    struct place {
        std::size_t index = 0;
        std::string name;
        std::string digest; // of its exactness, as it was just before start(); empty = unknown
    };
    struct wish {
        std::vector<std::size_t> elsewhere;   // not at these: just lost, or they refused
        std::string digest;                   // preferred; with `only_same` demanded
        bool only_same = false;
    };

    replicated_answer(generation_request request, std::shared_ptr<generation_sink> sink, failover policy,
                      std::shared_ptr<replica_board> board, std::shared_ptr<replica_desk> desk);

    void cancel() override;

    [[nodiscard]] const prompt_chain& prompt() const { return prompt_; }
    [[nodiscard]] bool cancelled() const;
    [[nodiscard]] wish wants() const;

    // Asks `what` for the answer, or for the rest of it. The caller has counted it on the board, and uncounts it when
    // this fails; the sink has not been called then.
    [[nodiscard]] result<void> run_on(place where, pipeline& what);

    // Ends the answer, because no replica takes it over.
    void give_up(const error& why);

  private:
    struct run_sink;
    using locked = std::unique_lock<std::mutex>;

    void on_text(std::uint64_t epoch, std::string_view piece);
    void on_beside(std::uint64_t epoch, const std::function<void(generation_sink&)>& tell, bool stays = true);
    void on_done(std::uint64_t epoch, generation_result outcome);
    // These take the lock and have released it when they return.
    void tell(locked lock, const std::function<void(generation_sink&)>& what);
    void ended(locked lock, generation_result outcome);
    void passed_over(locked lock, generation_result outcome);
    void lost(locked lock, generation_result outcome);
    void differs(locked lock, std::size_t at, const generation_result* outcome);
    void finish(locked lock, generation_result outcome);
    void fail_with(locked lock, error failure);

    void count(const generation_result& outcome);
    [[nodiscard]] generation_request next_request() const;
    [[nodiscard]] generation_result complete(generation_result outcome) const;
    [[nodiscard]] std::string loss() const;

    const failover policy_;
    const std::shared_ptr<replica_board> board_;
    const std::shared_ptr<replica_desk> desk_;
    const prompt_chain prompt_;
    const bool may_have_more_; // than text: calls, log probabilities

    mutable std::mutex mutex_;
    generation_request request_;
    std::shared_ptr<generation_sink> sink_;
    std::uint64_t epoch_ = 0; // names the run that counts; calls of any other are ignored
    bool cancelled_ = false, finished_ = false;
    bool telling_ = false;                  // the client's sink is being called
    bool heard_ = false;                    // this run has said something
    bool stays_ = false;                    // what was delivered could not be compared
    std::optional<generation_result> held_; // an end that came meanwhile
    std::shared_ptr<generation> run_;       // null between two replicas and while start() runs
    place place_;                           // where it runs, or ran last
    std::chrono::steady_clock::time_point began_;

    std::string delivered_;
    std::size_t compared_ = 0;            // bytes of it that this run has said, or that are in its prompt
    std::size_t base_ = 0;                // bytes of it that are in the prompt of this run (`any`, after a difference)
    std::int64_t base_tokens_ = 0;        // tokens of those
    std::int64_t told_tokens_ = 0;        // tokens of what was delivered, as far as known
    std::int64_t pieces_ = 0;
    std::int64_t prompt_tokens_ = 0;      // as a lost run said
    speculation_stats earlier_;           // of lost runs
    int moves_ = 0;
    std::vector<std::size_t> passed_over_; // they refused before a word
    std::optional<error> refusal_;         // of those
    std::optional<place> lost_;           // where the run was that is being replaced
    bool anywhere_ = false;               // the next run goes on from a difference, and may be at any replica
    error why_;                           // why it was lost
    bool mixed_ = false;                  // text of unequal replicas was delivered
    std::string continued_on_;
};

} // namespace tw
