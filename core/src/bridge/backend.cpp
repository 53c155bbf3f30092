// A text backend behind its interface: requests that stream, and end exactly once whatever it does.
#include <algorithm>
#include <atomic>
#include <chrono>

#include <spdlog/spdlog.h>

#include "bridge/backend_state.hpp"
#include "plugin/vtable.hpp"

namespace tw {
namespace {

constexpr auto longest_wait = std::chrono::seconds{30};

// A sink that is done stays in memory until this many others are, so that a plugin which calls done
// twice finds something harmless there.
constexpr std::size_t max_quarantine = 1024;
constexpr std::size_t most_beside = 1U << 20U; // of tool calls and the like at a time

} // namespace

class backend::request final : public backend_request {
  public:
    request(state& owner, std::shared_ptr<const std::string> json, emit_function emit, more_function more, done_function done)
        : owner_(&owner), json_(std::move(json)), emit_(std::move(emit)), more_(std::move(more)), done_(std::move(done)),
          sink_{.size = sizeof(tw_sink),
                .ctx = this,
                .emit = [](const tw_sink* s, const tw_delta* delta) { of(s).on_emit(delta); },
                .done = [](const tw_sink* s, const tw_finish* finish) { of(s).on_done(finish); },
                .cancelled = [](const tw_sink* s) -> std::int32_t {
                    return of(s).cancelled_ ? 1 : 0;
                },
                .more = [](const tw_sink* s, std::uint32_t choice, tw_str what) { of(s).on_more(choice, what); }} {}

    void cancel() override { cancelled_ = true; }
    [[nodiscard]] const tw_sink* sink() const { return &sink_; }

    // No more calls reach the host. False when the request had ended before.
    bool close() {
        const std::lock_guard guard(lock_);
        const bool first = !ended_;
        ended_ = true;
        emit_ = nullptr;
        more_ = nullptr;
        done_ = nullptr;
        return first;
    }

  private:
    static request& of(const tw_sink* sink) { return *static_cast<request*>(sink->ctx); }

    void on_emit(const tw_delta* delta) {
        const std::lock_guard guard(lock_);
        if (ended_) return complain("emit after done");
        if (delta == nullptr || (delta->text.data == nullptr && delta->text.size != 0))
            return complain("emit without a text");
        const auto text = view(delta->text);
        if (text.empty()) return;
        if (is_valid_utf8(text))
            emit_(delta->choice, text);
        else
            emit_(delta->choice, to_valid_utf8(text));
    }

    void on_more(std::uint32_t choice, tw_str json) {
        const std::lock_guard guard(lock_);
        if (ended_) return complain("more after done");
        if (json.data == nullptr || json.size > most_beside) return complain("more without a text, or with more than 1 MiB");
        more_(choice, view(json));
    }

    void on_done(const tw_finish* finish) {
        done_function done;
        {
            const std::lock_guard guard(lock_);
            if (ended_) return complain("done twice");
            ended_ = true;
            done = std::move(done_);
            emit_ = nullptr;
            more_ = nullptr;
        }
        done(outcome(finish));
        done = nullptr; // what it holds is released before the backend may go
        json_.reset();  // it may have megabytes, and this stays in the quarantine
        owner_->retire(this);
    }

    [[nodiscard]] backend_finish outcome(const tw_finish* finish) const {
        backend_finish out;
        if (finish == nullptr) {
            out.failure = broke_contract(owner_->plugin_id, "done came without a result");
            return out;
        }
        out.prompt_tokens = std::max<std::int64_t>(-1, finish->prompt_tokens);
        out.completion_tokens = std::max<std::int64_t>(-1, finish->completion_tokens);
        if (finish->error != nullptr)
            out.failure = from_abi(finish->error->code, *finish->error);
        else if (finish->reason < TW_FINISH_STOP || finish->reason > TW_FINISH_FILTER)
            out.failure = broke_contract(owner_->plugin_id,
                                         "done gave the reason " + std::to_string(finish->reason));
        else
            out.reason = finish->reason;
        return out;
    }

    void complain(const char* what) const {
        spdlog::error("event=contract_broken plugin={} what=\"{}\"", owner_->plugin_id, what);
    }

    state* owner_;
    std::shared_ptr<const std::string> json_; // until done: a plugin may have kept what it was lent
    std::mutex lock_;
    bool ended_ = false;
    std::atomic<bool> cancelled_{false};
    emit_function emit_;
    more_function more_;
    done_function done_;
    tw_sink sink_;
};

void backend::state::retire(const backend_request* ended) {
    std::shared_ptr<backend_request> dropped; // destroyed after the lock is released
    const std::lock_guard guard(lock);
    const auto at = std::find_if(running.begin(), running.end(),
                                 [&](const auto& candidate) { return candidate.get() == ended; });
    if (at != running.end()) quarantine.push_back(std::move(running.extract(at).value()));
    if (quarantine.size() > max_quarantine) {
        dropped = std::move(quarantine.front());
        quarantine.pop_front();
    }
    idle.notify_all(); // under the lock: the waiter may destroy this object right after
}

backend::backend(std::shared_ptr<state> shared) : state_(std::move(shared)) {}

result<std::unique_ptr<backend>> backend::create(const tw_backend_v1& api, std::string plugin_id,
                                                 std::unique_ptr<plugin_host> host,
                                                 const std::string& config_json) {
    if (const auto fault = vtable_fault(api)) return broke_contract(plugin_id, "it " + *fault);
    auto made = std::make_shared<state>();
    made->api = &api;
    made->plugin_id = std::move(plugin_id);
    made->config_json = config_json;
    made->host = std::move(host);
    const auto created = checked(made->plugin_id, "create", [&](tw_error* problem) {
        return api.create(made->host->abi(), abi(made->config_json), &made->self, problem);
    });
    if (!created) return created.error();
    if (made->self == nullptr)
        return broke_contract(made->plugin_id, "create succeeded without a backend");
    return std::unique_ptr<backend>(new backend(std::move(made)));
}

backend::~backend() {
    std::unique_lock guard(state_->lock);
    for (const auto& open : state_->running)
        open->cancel();
    const bool ended =
        state_->idle.wait_for(guard, longest_wait, [&] { return state_->running.empty(); });
    guard.unlock();
    if (ended) {
        state_->api->destroy(state_->self);
        return;
    }
    spdlog::error("event=contract_broken plugin={} what=\"a request never ended\"",
                  state_->plugin_id);
    new std::shared_ptr<state>(state_); // on purpose never freed: the plugin may still call in
}

result<std::shared_ptr<backend_request>> backend::start(std::string request_json, emit_function emit,
                                                        more_function more, done_function done) {
    const auto json = std::make_shared<const std::string>(std::move(request_json)); // also until the call returns
    const auto begun = std::make_shared<request>(*state_, json, std::move(emit), std::move(more), std::move(done));
    return state_->begin(begun, [&](tw_error* problem) {
        return state_->api->start(state_->self, abi(*json), begun->sink(), problem);
    });
}

} // namespace tw
