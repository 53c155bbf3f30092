// A pipeline whose target, chat template and all, runs on another machine.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "peer/peer_link.hpp"
#include "pipeline/pipeline.hpp"

namespace tw::peer {

struct remote_pipeline_parts {
    std::string name;
    std::vector<std::string> serves;
    std::shared_ptr<peer_link> peer;
    std::string target;                    // its name at the peer; empty = the only one there
    std::vector<wire::draft_way> drafts{}; // that the peer is to use; each is served by peer_link::serve()
    std::string no_draft{};                // why a wanted drafter is not among them, for the status; empty when all are
};

// Answers that run when the link is lost end with `unavailable`: within 7 s where the other machine falls
// silent, at once where it says so. Any thread.
class remote_pipeline final : public pipeline {
  public:
    explicit remote_pipeline(remote_pipeline_parts parts);
    ~remote_pipeline() override; // running answers end as cancelled

    [[nodiscard]] const std::string& name() const override { return parts_.name; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return parts_.serves; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    // Never waits: the peer's own state is what it said last, asked for every 2 s while somebody wants it.
    [[nodiscard]] nlohmann::json status() const override;

    [[nodiscard]] bool is_up() const;
    [[nodiscard]] std::optional<wire::served_engine> remote() const; // the target as it was last opened
    [[nodiscard]] std::size_t running() const;

  private:
    class remote_answer;
    struct asked {
        std::shared_ptr<generation_sink> sink;
        std::size_t calls = 0; // of tools that have begun
    };
    using clock = std::chrono::steady_clock;

    void opened(const wire::channel_opened& what);
    [[nodiscard]] result<void> frame(wire::message body);
    void away(const std::string& why);
    void tick();
    [[nodiscard]] std::shared_ptr<generation_sink> sink_of(wire::request_id request, bool last);
    [[nodiscard]] result<void> pass_on(wire::call_piece call);
    void end(wire::request_id request, generation_result outcome);
    [[nodiscard]] error unavailable() const;

    const remote_pipeline_parts parts_;
    mutable std::mutex mutex_; // guards what follows; never held while a sink is called
    std::map<wire::request_id, asked> answers_;
    wire::request_id last_request_ = 0;
    std::optional<wire::served_engine> remote_;
    std::string why_away_;
    std::string said_; // the peer's status, JSON
    clock::time_point asked_{};
    mutable clock::time_point wanted_{};
    std::shared_ptr<far_channel> channel_; // set once, under the lock
};

} // namespace tw::peer
