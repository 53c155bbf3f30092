// A text backend behind its interface: requests that stream, and end exactly once whatever it does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tightwad/abi/draft/continuation.h>
#include <tightwad/abi/ext/backend.h>
#include <tightwad/abi/ext/pass.h>
#include <tightwad/abi/ext/question.h>

#include "bridge/interfaces.hpp"
#include "bridge/pass.hpp"
#include "service/plugin_host.hpp"

namespace tw {

// How a request ended.
struct backend_finish {
    tw_finish_reason reason = TW_FINISH_STOP;
    std::int64_t prompt_tokens = -1, completion_tokens = -1; // -1 = the backend does not know
    std::optional<error> failure;                            // none = success
};

// A running request. Dropping it does not stop the request; cancel() asks for that, from any
// thread, and `done` still comes.
class backend_request {
  public:
    virtual ~backend_request() = default;
    virtual void cancel() = 0;
};

// Any thread. A plugin that calls done twice or emits after done is heard once; the rest is logged.
// What it was lent stays in memory until the request has ended, and a while longer, for one that
// keeps it.
class backend {
  public:
    // One piece of answer `choice`, whole and valid UTF-8. Never two at once for one request.
    using emit_function = std::function<void(std::uint32_t choice, std::string_view text)>;
    // What the answer has beside its text, as tw_sink::more has it: any text of at most 1 MiB. As emit otherwise.
    using more_function = std::function<void(std::uint32_t choice, std::string_view json)>;
    // Once, last, unless start failed.
    using done_function = std::function<void(backend_finish)>;

    [[nodiscard]] static result<std::unique_ptr<backend>> create(const tw_backend_v1& api,
                                                                 std::string plugin_id,
                                                                 std::unique_ptr<plugin_host> host,
                                                                 const std::string& config_json);

    // Cancels what runs and waits for its end. A plugin that never ends a request is given up after
    // half a minute: its instance stays in memory, which is safer than destroying it under its
    // feet. Not from within emit or done.
    ~backend();
    backend(const backend&) = delete;
    backend& operator=(const backend&) = delete;

    // Begins a request, the OpenAI body of a chat or completion. The functions run on any thread,
    // also before start returns; they must not throw.
    [[nodiscard]] result<std::shared_ptr<backend_request>>
    start(std::string request_json, emit_function emit, more_function more, done_function done);

    // From here on it can be asked questions; before any other thread uses it.
    void with_questions(const tw_question_v1& api);

    // Once, in any thread, unless ask failed: the reply's JSON as it came, at most 64 MiB.
    using reply_function = std::function<void(result<std::string>)>;
    // Begins a question as abi/ext/question.h has it; `unsupported` where the plugin takes none.
    [[nodiscard]] result<std::shared_ptr<backend_request>> ask(const std::string& what, const std::string& question_json,
                                                               reply_function done);

    // From here on it can be passed requests on; before any other thread uses it.
    void with_pass(const tw_pass_v1& api);

    // Begins to hand a request on as abi/ext/pass.h has it; `unsupported` where the plugin hands none on. On an error the
    // sink is never called.
    [[nodiscard]] result<std::shared_ptr<backend_request>> pass(const pass_request& asked, std::shared_ptr<pass_sink> sink);

    // From here on it can be asked to go on from token ids; before any other thread uses it.
    void with_continuations(const tw_continuation_v1& api);

    // Any ids, at least one at a time. Never two at once for one request.
    using tokens_function = std::function<void(std::span<const tw_continued>)>;
    // Once, last, unless go_on failed; none = no more tokens come.
    using ended_function = std::function<void(std::optional<error>)>;
    // Begins a request as abi/draft/continuation.h has it; `unsupported` where the plugin takes none.
    [[nodiscard]] result<std::shared_ptr<backend_request>> go_on(std::vector<std::int32_t> prompt, std::uint32_t most,
                                                                 tokens_function emit, ended_function done);

  private:
    struct state;
    class request;
    class inquiry;
    class passage;
    class continuation;
    explicit backend(std::shared_ptr<state> shared);

    std::shared_ptr<state> state_;
};

} // namespace tw
