// The answers and questions that run on one target channel, and how they leave it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "peer/frame_link.hpp"
#include "pipeline/questions.hpp"

namespace tw::peer {

// Any thread. Knows no pipeline: the sinks it makes hold it, and a pipeline holds the sinks.
class running_answers final : public std::enable_shared_from_this<running_answers> {
  public:
    running_answers(std::shared_ptr<frame_link> link, std::uint32_t channel) : link_(std::move(link)), channel_(channel) {}

    // corrupt: that request runs already. busy: too many do.
    [[nodiscard]] result<void> add(wire::request_id request);
    [[nodiscard]] std::shared_ptr<generation_sink> sink(wire::request_id request);
    [[nodiscard]] finding_function finder(wire::request_id request); // of a question
    void started(wire::request_id request, std::shared_ptr<generation> running);
    void refuse(wire::request_id request, const error& why); // instead of started()
    void cancel(wire::request_id request);
    // The channel is gone: all are cancelled, nothing more is sent.
    void end();
    [[nodiscard]] bool is_over() const;
    [[nodiscard]] bool is_wanted(wire::request_id request) const; // neither ended nor cancelled

    result<void> send(const wire::message& body) { return link_->send(channel_, body); }

  private:
    class frame_sink;
    struct answer {
        std::shared_ptr<generation> running; // null until it has been started
        bool cancelled = false;              // before that
    };

    void tell(wire::request_id request, result<finding> what);
    bool forget(wire::request_id request); // false: it was forgotten before

    const std::shared_ptr<frame_link> link_;
    const std::uint32_t channel_;
    mutable std::mutex mutex_; // guards what follows
    std::map<wire::request_id, answer> answers_;
    bool over_ = false;
};

} // namespace tw::peer
