// A request that a backend hands on: its head, its bytes and its end in that order, whatever the plugin does.
#include <algorithm>
#include <atomic>

#include <spdlog/spdlog.h>

#include "bridge/backend_state.hpp"

namespace tw {
namespace {

constexpr std::size_t most_headers = 100;

} // namespace

class backend::passage final : public backend_request {
  public:
    passage(state& owner, std::shared_ptr<pass_sink> to)
        : owner_(&owner), to_(std::move(to)),
          sink_{.size = sizeof(tw_pass_sink),
                .ctx = this,
                .head = [](const tw_pass_sink* s, const tw_http_head* head) { of(s).on_head(head); },
                .bytes = [](const tw_pass_sink* s, tw_str piece) { of(s).on_bytes(piece); },
                .full = [](const tw_pass_sink* s) -> std::int32_t { return of(s).full() ? 1 : 0; },
                .cancelled = [](const tw_pass_sink* s) -> std::int32_t { return of(s).cancelled_ ? 1 : 0; },
                .done = [](const tw_pass_sink* s, const tw_error* error) { of(s).on_done(error); }} {}

    void cancel() override { cancelled_ = true; }
    // The request, which may be large, is the plugin's during the call only.
    [[nodiscard]] tw_code start(const pass_request& asked, tw_error* problem) const {
        const tw_pass_request told{.size = sizeof(tw_pass_request),
                                   .name_is_json = asked.name_is_json ? 1U : 0U,
                                   .target = abi(asked.target),
                                   .content_type = abi(asked.content_type),
                                   .accept = abi(asked.accept),
                                   .body = abi(asked.body),
                                   .name_at = asked.name_at,
                                   .name_size = asked.name_size};
        return owner_->passing->start(owner_->self, &told, &sink_, problem);
    }
    // Nothing more reaches the host. Null when it had ended before.
    [[nodiscard]] std::shared_ptr<pass_sink> close() {
        const std::lock_guard guard(lock_);
        return std::exchange(to_, nullptr);
    }

  private:
    static passage& of(const tw_pass_sink* sink) { return *static_cast<passage*>(sink->ctx); }

    void on_head(const tw_http_head* head) {
        const std::lock_guard guard(lock_);
        if (!to_ || headed_) return complain("a head after the first, or after done");
        const bool sound = head != nullptr && head->size >= sizeof(tw_http_head) && head->status >= 200 && head->status <= 599 &&
                           head->n_headers <= most_headers && (head->headers != nullptr || head->n_headers == 0);
        if (!sound) return complain("a head that is none");
        headed_ = true;
        pass_head told{head->status};
        for (std::size_t i = 0; i < head->n_headers; ++i)
            told.headers.emplace_back(view(head->headers[i].name), view(head->headers[i].value));
        to_->head(std::move(told));
    }

    void on_bytes(tw_str piece) {
        const std::lock_guard guard(lock_);
        if (!to_ || !headed_ || (piece.data == nullptr && piece.size != 0)) return complain("bytes without a head or after done");
        if (piece.size > 0) to_->bytes(view(piece));
    }

    [[nodiscard]] bool full() {
        const std::lock_guard guard(lock_);
        return to_ && to_->full();
    }

    void on_done(const tw_error* error) {
        auto to = close();
        if (!to) return complain("done twice");
        std::optional<tw::error> failure;
        if (error != nullptr) failure = from_abi(error->code, *error);
        else if (!headed_) failure = broke_contract(owner_->plugin_id, "an answer that was passed on had no head");
        to->done(std::move(failure));
        to = nullptr; // what it holds is released before the backend may go
        owner_->retire(this);
    }

    void complain(const char* what) const {
        spdlog::error("event=contract_broken plugin={} what=\"{}\"", owner_->plugin_id, what);
    }

    state* owner_;
    std::mutex lock_;
    std::shared_ptr<pass_sink> to_; // null = ended
    bool headed_ = false;
    std::atomic<bool> cancelled_{false};
    tw_pass_sink sink_;
};

void backend::with_pass(const tw_pass_v1& api) { state_->passing = &api; }

result<std::shared_ptr<backend_request>> backend::pass(const pass_request& asked, std::shared_ptr<pass_sink> sink) {
    if (state_->passing == nullptr)
        return fail(code::unsupported, "The plugin " + state_->plugin_id + " passes on nothing that Tightwad does not know; ask a model of another backend.");
    const auto begun = std::make_shared<passage>(*state_, std::move(sink));
    return state_->begin(begun, [&](tw_error* problem) { return begun->start(asked, problem); });
}

} // namespace tw
