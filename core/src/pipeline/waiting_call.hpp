// An answer, a question or a request to be passed on for which there is no place yet.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "pipeline/pipeline.hpp"

namespace tw {

// What was asked for gets its place, is cancelled, or is refused: one of these, once. Any thread.
class waiting_call final : public generation {
  public:
    // Called, once, when what was begun has ended, before who asked for it hears of that.
    using left_function = std::function<void()>;

    waiting_call(generation_request request, std::shared_ptr<generation_sink> sink);
    waiting_call(question asked, finding_function done);
    waiting_call(std::shared_ptr<const pass_request> request, std::shared_ptr<pass_sink> sink);

    // Takes the place. False when it is free again at once: there is nothing to begin any more, or the pipeline
    // refused, of which whoever asked hears as if the answer had failed.
    [[nodiscard]] bool begin(pipeline& where, left_function left);
    void refuse(error why);
    void cancel() override;
    [[nodiscard]] bool waits() const;

  private:
    enum class state { waiting, begun, over };

    [[nodiscard]] bool leave_queue(state next);

    std::function<result<std::shared_ptr<generation>>(pipeline&, left_function)> start_;
    std::function<void(error)> end_;
    mutable std::mutex mutex_;
    state state_ = state::waiting;
    bool cancelled_ = false;
    std::shared_ptr<generation> running_;
};

// Begins at once what was asked for. Where an error comes back, `left` is never called.
[[nodiscard]] result<std::shared_ptr<generation>> begin_at(pipeline& where, generation_request request,
                                                           std::shared_ptr<generation_sink> sink,
                                                           waiting_call::left_function left);
[[nodiscard]] result<std::shared_ptr<generation>> begin_at(pipeline& where, question asked, finding_function done,
                                                           waiting_call::left_function left);
[[nodiscard]] result<std::shared_ptr<generation>> begin_at(pipeline& where, std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink, waiting_call::left_function left);

} // namespace tw
