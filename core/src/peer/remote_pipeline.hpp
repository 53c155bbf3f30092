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

// Answers and questions that run when the link is lost end with `unavailable`: within 7 s where the other machine falls
// silent, at once where it says so. Any thread.
class remote_pipeline final : public pipeline {
  public:
    explicit remote_pipeline(remote_pipeline_parts parts);
    ~remote_pipeline() override; // what runs ends as cancelled

    [[nodiscard]] const std::string& name() const override { return parts_.name; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return parts_.serves; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    // About tokens and the model alone; `unsupported` for others, and where the peer is too old to be asked.
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question what, finding_function done) override;
    // Never waits: the peer's own state is what it said last, asked for every 2 s while somebody wants it.
    [[nodiscard]] nlohmann::json status() const override;

    [[nodiscard]] bool is_up() const;
    [[nodiscard]] std::optional<wire::served_engine> remote() const; // the target as it was last opened
    [[nodiscard]] std::size_t running() const; // answers and questions

  private:
    class remote_answer;
    struct asked {
        std::shared_ptr<generation_sink> sink;
        std::size_t calls = 0; // of tools that have begun
    };
    struct open_question {
        std::size_t kind = 0; // index of wire::target_question
        finding_function done;
    };
    using clock = std::chrono::steady_clock;

    void opened(const wire::channel_opened& what);
    [[nodiscard]] result<void> frame(wire::message body);
    void away(const std::string& why);
    void tick();
    [[nodiscard]] std::shared_ptr<generation_sink> sink_of(wire::request_id request, bool last);
    [[nodiscard]] finding_function finder_of(wire::request_id request);
    [[nodiscard]] result<void> pass_on(wire::call_piece call);
    [[nodiscard]] result<void> pass_on(wire::found reply);
    void end(wire::request_id request, generation_result outcome);
    [[nodiscard]] error not_sent(const error& why) const;
    [[nodiscard]] error unavailable() const; // with the lock

    const remote_pipeline_parts parts_;
    mutable std::mutex mutex_; // guards what follows; never held while a sink or a finding_function is called
    std::map<wire::request_id, asked> answers_;
    std::map<wire::request_id, open_question> questions_;
    wire::request_id last_request_ = 0;
    std::optional<wire::served_engine> remote_;
    std::string why_away_;
    std::string said_; // the peer's status, JSON
    clock::time_point asked_{};
    mutable clock::time_point wanted_{};
    std::shared_ptr<far_channel> channel_; // set once, under the lock
};

} // namespace tw::peer
