// Backends that are servers elsewhere, as drafters.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "config/config.hpp"
#include "peer/served_drafter.hpp"
#include "pipeline/nodes.hpp"
#include "pipeline/pipeline.hpp"
#include "speculation/server_vocabulary.hpp"
#include "speculation/speculator.hpp"
#include "wire/hello.hpp"

namespace tw {

// Whether it is a server whose plugin goes on from tokens.
[[nodiscard]] bool is_drafting_server(const resolved_node& node);

// For a target of this process. The server is asked whether its vocabulary is the target's: another one is an error; a server
// that is not there drafts when it comes, if it fits then.
[[nodiscard]] result<drafter_offer> server_draft(const resolved_node& draft, const server_config& settings,
                                                 const engine& target, const std::string& target_name);

// The vocabulary of a target on another machine. The target itself is asked for the tokens of a text, by way of the log
// probabilities of a prompt, when a server that is to draft for it comes. Any thread.
class far_vocabulary {
  public:
    // Until this is said nothing is known; the first time counts.
    void is_of(std::weak_ptr<pipeline> target, std::function<std::optional<wire::served_engine>()> remote);

    // Asks, once for each vocabulary: it is a pass of the target. `unavailable` while the target is not there. May block.
    [[nodiscard]] result<vocabulary_sample> sample(const std::stop_token& stop);
    // Of the target that was asked last; empty = none was.
    [[nodiscard]] std::string digest() const;

  private:
    mutable std::mutex mutex_;
    std::weak_ptr<pipeline> target_;
    std::function<std::optional<wire::served_engine>()> remote_;
    std::string digest_;
    vocabulary_sample sample_; // of that
};

// For such a target: it drafts when both are there and fit.
[[nodiscard]] result<std::shared_ptr<peer::served_drafter>>
lend_server(const resolved_node& draft, const server_config& settings, std::shared_ptr<far_vocabulary> target);

} // namespace tw
