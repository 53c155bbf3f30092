// Conformance cases of the backend interface. Run each in a process of its own: a bad plugin may
// die.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <tightwad/abi/ext/backend.h>
#include <tightwad/testkit/fake_host.hpp>
#include <tightwad/testkit/lent.hpp>
#include <tightwad/testkit/recorder.hpp>
#include <tightwad/testkit/verdict.hpp>

namespace tw::testkit {

inline constexpr std::string_view sample_chat =
    R"({"model":"m","messages":[{"role":"user","content":"one two three four five six seven eight"}]})";
inline constexpr auto patience = std::chrono::seconds{10};

[[nodiscard]] inline tw_error blank_error() {
    tw_error out{};
    out.size = sizeof out;
    return out;
}
[[nodiscard]] inline tw_str lit(std::string_view text) {
    return {text.data(), text.size()};
}

// An instance that is made and unmade around a case.
class backend_under_test {
  public:
    backend_under_test(const tw_backend_v1& api, const std::string& config)
        : api_(&api), problem_(blank_error()), config_(config) {
        code_ = api.create(host_.abi(), config_.get(), &self_, &problem_);
    }
    ~backend_under_test() { destroy(); }
    backend_under_test(const backend_under_test&) = delete;
    backend_under_test& operator=(const backend_under_test&) = delete;

    [[nodiscard]] bool there() const { return code_ == TW_OK && self_ != nullptr; }
    [[nodiscard]] verdict not_there() const {
        return skipped(std::string("create said: ") + problem_.message +
                       " Give a table with --config.");
    }
    // The host's work is over, so nothing of the plugin runs any more.
    void destroy() {
        static_cast<void>(host_.drain(patience));
        if (self_ != nullptr) api_->destroy(self_);
        self_ = nullptr;
    }
    [[nodiscard]] tw_code start(tw_str request, const recorder& to) {
        problem_ = blank_error();
        return api_->start(self_, request, to.sink(), &problem_);
    }
    [[nodiscard]] fake_host& host() { return host_; }
    [[nodiscard]] lent_text& config() { return config_; }
    [[nodiscard]] std::string sentence() const { return problem_.message; }

  private:
    const tw_backend_v1* api_;
    fake_host host_;
    tw_error problem_;
    lent_text config_;
    tw_backend* self_ = nullptr;
    tw_code code_ = TW_INTERNAL;
};

// Exactly one done for each request that was accepted, and nothing after it.
[[nodiscard]] inline verdict done_case(const tw_backend_v1& api, const std::string& config) {
    recorder first, cancelled;
    const lent_text request(sample_chat);
    backend_under_test backend(api, config);
    if (!backend.there()) return backend.not_there();
    if (backend.start(request.get(), first) != TW_OK)
        return failed("start said: " + backend.sentence());
    if (!first.wait_done(patience)) return failed("done did not come within 10 s.");
    cancelled.cancel();
    const bool accepted = backend.start(request.get(), cancelled) == TW_OK;
    if (accepted && !cancelled.wait_done(patience))
        return failed("done did not come within 10 s for a cancelled request.");
    backend.destroy();
    for (const auto* seen : {&first, &cancelled})
        if (!seen->faults().empty()) return failed(seen->faults().front());
    if (!accepted && cancelled.n_done() + cancelled.n_emit() != 0)
        return failed("start answered an error and called the sink all the same.");
    return passed("done came exactly once for each request.");
}

// start runs on a thread that must not block, so it returns although no work is being done.
[[nodiscard]] inline verdict loop_case(const tw_backend_v1& api, const std::string& config) {
    constexpr auto limit = std::chrono::milliseconds{250};
    recorder seen;
    const lent_text request(sample_chat);
    backend_under_test backend(api, config);
    if (!backend.there()) return backend.not_there();
    backend.host().hold();
    const auto before = std::chrono::steady_clock::now();
    const bool accepted = backend.start(request.get(), seen) == TW_OK;
    const auto took = std::chrono::steady_clock::now() - before;
    backend.host().release();
    if (accepted) static_cast<void>(seen.wait_done(patience));
    if (took > limit)
        return failed(
            "start took " +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()) +
            " ms; it is called on a thread that must not block (at most 250 ms here).");
    return passed("start returns at once.");
}

// What was lent for a call is not looked at after it. A touch ends the process (lent_text).
[[nodiscard]] inline verdict borrow_case(const tw_backend_v1& api, const std::string& config) {
    recorder seen;
    backend_under_test backend(api, config);
    if (!backend.there()) return backend.not_there();
    backend.config().take_back();
    lent_text request(sample_chat);
    backend.host().hold(); // so that the work begins after the loan is over
    const bool accepted = backend.start(request.get(), seen) == TW_OK;
    request.take_back();
    backend.host().release();
    if (accepted && !seen.wait_done(patience)) return failed("done did not come within 10 s.");
    backend.destroy();
    return passed("Nothing that was lent is read after the call.");
}

// Nonsense gets an error and a sentence; nothing is thrown, nothing is called.
[[nodiscard]] inline verdict backend_errors_case(const tw_backend_v1& api,
                                                 const std::string& config) {
    for (const std::string_view nonsense : {"", "not json", "[]", "{\"messages\":"}) {
        fake_host host;
        const lent_text text(nonsense);
        auto problem = blank_error();
        tw_backend* self = nullptr;
        const auto code = api.create(host.abi(), text.get(), &self, &problem);
        if (code == TW_OK && self == nullptr)
            return failed("create answered success and no instance.");
        if (code == TW_OK)
            api.destroy(self);
        else if (problem.message[0] == '\0')
            return failed("create answered an error without a sentence.");
    }
    for (const std::string_view nonsense :
         {"", "not json", "{\"messages\":", "{\"messages\":[{\"role\":1}]}"}) {
        recorder seen;
        const lent_text request(nonsense);
        backend_under_test backend(api, config);
        if (!backend.there()) return backend.not_there();
        if (backend.start(request.get(), seen) == TW_OK) {
            if (!seen.wait_done(patience)) return failed("done did not come within 10 s.");
        } else if (backend.sentence().empty()) {
            return failed("start answered an error without a sentence.");
        }
    }
    return passed("Nonsense is answered with an error and a sentence.");
}

} // namespace tw::testkit
