// A request to a backend to go on from token ids: streamed, and ended exactly once whatever the plugin does.
#include <atomic>

#include <spdlog/spdlog.h>

#include "bridge/backend_state.hpp"

namespace tw {

class backend::continuation final : public backend_request {
  public:
    continuation(state& owner, std::vector<std::int32_t> prompt, std::uint32_t most, tokens_function emit,
                 ended_function done)
        : owner_(&owner), prompt_(std::move(prompt)),
          asked_{.size = sizeof(tw_continuation), .most = most, .prompt = prompt_.data(), .n_prompt = prompt_.size()},
          emit_(std::move(emit)), done_(std::move(done)),
          sink_{.size = sizeof(tw_token_sink),
                .ctx = this,
                .emit = [](const tw_token_sink* s, const tw_continued* tokens, std::size_t n) { of(s).on_emit(tokens, n); },
                .done = [](const tw_token_sink* s, const tw_error* error) { of(s).on_done(error); },
                .cancelled = [](const tw_token_sink* s) -> std::int32_t { return of(s).cancelled_ ? 1 : 0; }} {}

    void cancel() override { cancelled_ = true; }
    [[nodiscard]] tw_code start(tw_error* problem) const {
        return owner_->continuations->start(owner_->self, &asked_, &sink_, problem);
    }
    // Nothing more reaches the host. Empty when it had ended before.
    [[nodiscard]] ended_function close() {
        const std::lock_guard guard(lock_);
        emit_ = nullptr;
        return std::exchange(done_, nullptr);
    }

  private:
    static continuation& of(const tw_token_sink* sink) { return *static_cast<continuation*>(sink->ctx); }

    void on_emit(const tw_continued* tokens, std::size_t n) {
        const std::lock_guard guard(lock_);
        if (!emit_) return complain("emit after done");
        if (n == 0) return;
        if (tokens == nullptr) return complain("emit without tokens");
        emit_({tokens, n});
    }
    void on_done(const tw_error* error) {
        auto done = close();
        if (!done) return complain("done twice");
        done(error == nullptr ? std::nullopt : std::optional(from_abi(error->code, *error)));
        done = nullptr; // what it holds is released before the backend may go
        owner_->retire(this);
    }
    void complain(const char* what) const {
        spdlog::error("event=contract_broken plugin={} what=\"{}\"", owner_->plugin_id, what);
    }

    state* owner_;
    const std::vector<std::int32_t> prompt_;
    const tw_continuation asked_;
    std::mutex lock_;
    tokens_function emit_;
    ended_function done_;
    std::atomic<bool> cancelled_{false};
    tw_token_sink sink_;
};

void backend::with_continuations(const tw_continuation_v1& api) { state_->continuations = &api; }

result<std::shared_ptr<backend_request>> backend::go_on(std::vector<std::int32_t> prompt, std::uint32_t most,
                                                        tokens_function emit, ended_function done) {
    if (state_->continuations == nullptr)
        return fail(code::unsupported, "The plugin " + state_->plugin_id + " does not go on from token ids.");
    const auto begun = std::make_shared<continuation>(*state_, std::move(prompt), most, std::move(emit), std::move(done));
    return state_->begin(begun, [&](tw_error* problem) { return begun->start(problem); });
}

} // namespace tw
