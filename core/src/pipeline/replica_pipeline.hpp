// A pipeline over several that serve the same model, here or on other machines: one answers, another one takes over.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "pipeline/replicated_answer.hpp"
#include "pipeline/replicated_pass.hpp"

namespace tw {

struct replica {
    std::string name; // for people: of its [backend.…]
    std::shared_ptr<pipeline> what;
    std::function<bool()> is_up; // null = always
    // Equal and not empty = the same request gets the same bytes there: weights, vocabulary, sampler revision and
    // bitwise numerics agree. Empty or null = unknown, or not bitwise. Read anew before every start, since a machine
    // may come back as another one.
    std::function<std::string()> exactness_digest;
};

// A request goes to a replica that is up, by load and by what it has cached (replica_board). One that says `busy`,
// `unavailable` or `unsupported` is passed over; so is one whose answer fails before its first word with what is wrong
// there and not with the request: `busy`, `corrupt`, `denied`, `not_found`. When all do, the error is the last one's of
// those that a later try may not meet, with the shortest time after which to retry.
//
// An answer that fails with `unavailable` or `timed_out` is asked for again elsewhere, with the same seed, at most
// three times; nothing is delivered twice. While nothing was delivered yet, any replica will do. Afterwards:
// - same_bytes: only a replica of equal, known exactness digest. If it says something else all the same, the answer
//   ends with an error (`corrupt`).
// - any: those of equal digest first, then any. Where the digests are unequal or unknown, the result says
//   `continued_on`. Where the text differs from what was delivered, a prompt in text goes on as prompt + delivered
//   text, with max_tokens less by what was said: as the lost replica counted it, else one token a delivered piece, so
//   that an answer of multi-token pieces may come out longer. Penalties see the delivered part as prompt. A chat and a
//   prompt in token ids have no way to go on in mid-answer and end with an error (`unavailable`).
// - none: the error is delivered.
// The figures of lost runs are added to the result's where they are sums (stats, without tokens); token counts, tokens,
// rounds and digests are those of the run that ended it.
//
// start() and status() call the replicas' own on the caller's thread, cancel() theirs; a move happens on a worker
// thread. No lock is held meanwhile, and callbacks of `replica` may come from any of these threads.
class replica_pipeline final : public pipeline {
  public:
    // `replicas` not empty.
    // `in_order`: a request goes to the first that is up, not to the least loaded one.
    replica_pipeline(std::string name, std::vector<std::string> serves, std::vector<replica> replicas, failover policy,
                     bool in_order = false);
    ~replica_pipeline() override; // not from a sink's call

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return serves_; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;

    // At the first replica that is up and takes it; it stays there.
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;

    // Likewise; one that fails before its answer's head came is passed over.
    [[nodiscard]] result<std::shared_ptr<generation>> pass(std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink) override;

    // What the first replica that is up says (else the first), with: name, serves, failover, moves (losses after which
    // another replica was looked for), and replicas [{name, up, running, exactness_known, status}].
    [[nodiscard]] nlohmann::json status() const override;

  private:
    [[nodiscard]] bool is_up(std::size_t index) const;
    [[nodiscard]] std::string digest_of(std::size_t index) const;
    [[nodiscard]] result<void> place(const std::shared_ptr<replicated_answer>& answer);
    [[nodiscard]] result<void> place(const std::shared_ptr<replicated_pass>& pass);
    [[nodiscard]] error nobody(const replicated_answer::wish& wish) const;
    void work();

    const std::string name_;
    const std::vector<std::string> serves_;
    const std::vector<replica> replicas_;
    const failover policy_;
    const bool in_order_;
    const std::shared_ptr<replica_board> board_;
    const std::shared_ptr<replica_desk> desk_;
    std::thread worker_;
};

} // namespace tw
