// A question to a backend: one reply, exactly once, whatever the plugin does.
#include <atomic>

#include <spdlog/spdlog.h>

#include "bridge/backend_state.hpp"

namespace tw {

class backend::inquiry final : public backend_request {
  public:
    inquiry(state& owner, reply_function done)
        : owner_(&owner), done_(std::move(done)),
          reply_{.size = sizeof(tw_reply),
                 .ctx = this,
                 .done = [](const tw_reply* r, tw_str text, const tw_error* error) { of(r).on_done(text, error); },
                 .cancelled = [](const tw_reply* r) -> std::int32_t { return of(r).cancelled_ ? 1 : 0; }} {}

    void cancel() override { cancelled_ = true; }
    [[nodiscard]] const tw_reply* reply() const { return &reply_; }
    // Nothing more reaches the host. Empty when it had been answered before.
    [[nodiscard]] reply_function close() {
        const std::lock_guard guard(lock_);
        return std::exchange(done_, nullptr);
    }

  private:
    static inquiry& of(const tw_reply* reply) { return *static_cast<inquiry*>(reply->ctx); }

    void on_done(tw_str json, const tw_error* error) {
        auto done = close();
        if (!done) {
            spdlog::error("event=contract_broken plugin={} what=\"a reply came twice\"", owner_->plugin_id);
            return;
        }
        done(outcome(json, error));
        done = nullptr; // what it holds is released before the backend may go
        owner_->retire(this);
    }

    [[nodiscard]] result<std::string> outcome(tw_str json, const tw_error* error) const {
        if (error != nullptr) return from_abi(error->code, *error);
        if (json.data == nullptr && json.size != 0) return broke_contract(owner_->plugin_id, "a reply came without its text");
        if (json.size > max_written_bytes)
            return broke_contract(owner_->plugin_id, "a reply has " + std::to_string(json.size) + " bytes");
        return std::string(view(json));
    }

    state* owner_;
    std::mutex lock_;
    reply_function done_;
    std::atomic<bool> cancelled_{false};
    tw_reply reply_;
};

void backend::with_questions(const tw_question_v1& api) { state_->questions = &api; }

result<std::shared_ptr<backend_request>> backend::ask(const std::string& what, const std::string& question_json,
                                                      reply_function done) {
    if (state_->questions == nullptr)
        return fail(code::unsupported, "The plugin " + state_->plugin_id + " passes no such request on.");
    const auto begun = std::make_shared<inquiry>(*state_, std::move(done));
    return state_->begin(begun, [&](tw_error* problem) {
        return state_->questions->start(state_->self, abi(what), abi(question_json), begun->reply(), problem);
    });
}

} // namespace tw
