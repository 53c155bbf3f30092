// A sink that records one answer and every way in which it breaks the contract.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <tightwad/abi/ext/backend.h>

namespace tw::testkit {

// Any thread. Must outlive the backend, so that a late call is recorded rather than fatal.
class recorder {
  public:
    recorder() { sink_ = {sizeof(tw_sink), this, &emit, &done, &cancelled, &more}; }
    recorder(const recorder&) = delete;
    recorder& operator=(const recorder&) = delete;

    [[nodiscard]] const tw_sink* sink() const { return &sink_; }
    void cancel() { set_cancelled(); }

    [[nodiscard]] bool wait_done(std::chrono::milliseconds limit) {
        std::unique_lock guard(lock_);
        return ended_.wait_for(guard, limit, [&] { return n_done_ > 0; });
    }
    [[nodiscard]] std::string text() const { return locked(text_); }
    // What came beside the text, a line each.
    [[nodiscard]] std::string beside() const { return locked(beside_); }
    [[nodiscard]] int n_emit() const { return locked(n_emit_); }
    [[nodiscard]] int n_done() const { return locked(n_done_); }
    // The sentence of the error that done carried, if any.
    [[nodiscard]] std::optional<std::string> failure() const { return locked(failure_); }
    // How it ended, once done has come: the code is TW_OK for an answer that is whole.
    struct ending {
        tw_code code = TW_OK;
        tw_finish_reason reason = TW_FINISH_STOP;
        std::int64_t prompt_tokens = -1, completion_tokens = -1, retry_after_ms = 0;

        bool operator==(const ending&) const = default;
    };
    [[nodiscard]] ending end() const { return locked(end_); }
    // What was wrong, in order; empty = nothing.
    [[nodiscard]] std::vector<std::string> faults() const { return locked(faults_); }

  private:
    static recorder& of(const tw_sink* sink) { return *static_cast<recorder*>(sink->ctx); }
    template <class T> T locked(const T& value) const {
        const std::lock_guard guard(lock_);
        return value;
    }
    void set_cancelled() {
        const std::lock_guard guard(lock_);
        cancelled_ = true;
    }

    static void emit(const tw_sink* sink, const tw_delta* delta) {
        auto& self = of(sink);
        const std::lock_guard guard(self.lock_);
        ++self.n_emit_;
        if (self.n_done_ > 0) self.faults_.emplace_back("It called emit after done.");
        if (delta == nullptr || (delta->text.data == nullptr && delta->text.size != 0))
            self.faults_.emplace_back("It called emit without a text.");
        else if (delta->text.size != 0)
            self.text_.append(delta->text.data, delta->text.size);
    }
    static void done(const tw_sink* sink, const tw_finish* finish) {
        auto& self = of(sink);
        const std::lock_guard guard(self.lock_);
        if (++self.n_done_ == 2) self.faults_.emplace_back("It called done twice for one request.");
        if (finish == nullptr)
            self.faults_.emplace_back("It called done without a result.");
        else {
            self.end_ = {TW_OK, finish->reason, finish->prompt_tokens, finish->completion_tokens, 0};
            if (finish->error != nullptr) {
                self.failure_ = finish->error->message;
                self.end_.code = finish->error->code;
                self.end_.retry_after_ms = finish->error->retry_after_ms;
            }
        }
        self.ended_.notify_all();
    }
    static void more(const tw_sink* sink, std::uint32_t, tw_str json) {
        auto& self = of(sink);
        const std::lock_guard guard(self.lock_);
        if (self.n_done_ > 0) self.faults_.emplace_back("It called more after done.");
        if (json.data == nullptr) self.faults_.emplace_back("It called more without a text.");
        else self.beside_.append(json.data, json.size).append("\n");
    }
    static std::int32_t cancelled(const tw_sink* sink) {
        auto& self = of(sink);
        const std::lock_guard guard(self.lock_);
        return self.cancelled_ ? 1 : 0;
    }

    tw_sink sink_{};
    mutable std::mutex lock_;
    std::condition_variable ended_;
    std::string text_, beside_;
    std::vector<std::string> faults_;
    std::optional<std::string> failure_;
    ending end_;
    int n_emit_ = 0, n_done_ = 0;
    bool cancelled_ = false;
};

} // namespace tw::testkit
