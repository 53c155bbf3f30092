// A running pipeline: the models behind one served name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "bridge/pass.hpp"
#include "pipeline/questions.hpp"
#include "scheduler/generation.hpp"

namespace tw {

class pipeline {
  public:
    virtual ~pipeline() = default; // cancels what runs and waits for it

    [[nodiscard]] virtual const std::string& name() const = 0;               // [pipeline.NAME]
    [[nodiscard]] virtual const std::vector<std::string>& serves() const = 0; // model ids; never empty

    // Whether it holds what it needs to answer at once. Any thread.
    [[nodiscard]] virtual bool loaded() const { return true; }

    // Begins an answer; returns at once. An error (context overflow, queue full, no template) means the
    // sink is never called. Otherwise sink->done comes exactly once. Any thread.
    [[nodiscard]] virtual result<std::shared_ptr<generation>> start(generation_request request,
                                                                    std::shared_ptr<generation_sink> sink) = 0;

    // Begins to answer a question. An error means that `done` is never called. What comes back is cancelled like an
    // answer: `done` comes all the same. Any thread; may take as long as tokenizing the question does.
    [[nodiscard]] virtual result<std::shared_ptr<generation>> ask(question asked, finding_function done) {
        static_cast<void>(done);
        return cannot_answer(asked, "the model of the pipeline '" + name() + "' is on another machine.");
    }

    // Begins to hand a request on to the server that is the model's, and its answer back as it comes. An error means that the
    // sink is never called; `unsupported` where there is no such server, or where it takes no such request. What comes back
    // is cancelled like an answer. Any thread.
    [[nodiscard]] virtual result<std::shared_ptr<generation>> pass(std::shared_ptr<const pass_request> request,
                                                                   std::shared_ptr<pass_sink> sink) {
        static_cast<void>(request), static_cast<void>(sink);
        return fail(code::unsupported, "What Tightwad does not know is passed on to servers only, and the pipeline '" + name() +
                                       "' has none behind it. Ask a model whose backend is a llama-server, an Ollama or a cloud.");
    }

    // State and figures for /v1/tightwad/status. Any thread.
    [[nodiscard]] virtual nlohmann::json status() const = 0;

    // Begins to load `model` in place of the target's and returns; status() says how it goes. The names that are served
    // stay. `model`: a backend of the configuration, or as model_path is written. Errors, with nothing touched:
    // `unsupported` where the target's model stays as long as the endpoint runs; `busy`, another change is under way;
    // there is no such model. Any thread.
    [[nodiscard]] virtual result<void> swap_model(const std::string& model) {
        static_cast<void>(model);
        return fail(code::unsupported, "The pipeline '" + name() + "' keeps its model while the endpoint runs: only a single "
                                       "target over a pool can change it. Change the configuration, and start anew.");
    }
};

// A question that was answered before there was anything to cancel.
class answered final : public generation {
  public:
    void cancel() override {}
};

// For pipelines that cannot say how likely a token was.
[[nodiscard]] inline result<void> without_logprobs(const generation_request& request, const std::string& why) {
    if (!request.top_logprobs && !request.prompt_logprobs) return {};
    return error{.code = code::unsupported,
                 .message = "Log probabilities are not served here: " + why + " Leave 'logprobs' out.",
                 .param = "logprobs"};
}

// For pipelines that do not render chats here.
[[nodiscard]] inline result<void> without_tools(const generation_request& request, const std::string& why) {
    bool called = false;
    if (const auto* messages = std::get_if<std::vector<chat_message>>(&request.input))
        for (const auto& message : *messages) called = called || !message.calls.empty() || !message.call_id.empty();
    if (!called && request.tools.functions.empty()) return {};
    return error{.code = code::unsupported,
                 .message = "Tools are not served here: " + why,
                 .param = called ? "messages" : "tools"};
}

// For pipelines whose model neither sees nor hears.
[[nodiscard]] inline result<void> only_text(const generation_request& request, const std::string& why) {
    const auto* messages = std::get_if<std::vector<chat_message>>(&request.input);
    if (messages == nullptr) return {};
    for (const auto& message : *messages) {
        if (message.parts.empty()) continue;
        const bool heard = message.parts.find(R"("type":"input_audio")") != std::string::npos;
        return error{.code = code::unsupported,
                     .message = std::string(heard ? "Audio is" : "Images are") + " not served here: " + why +
                                " Ask a model whose backend is a server that " + (heard ? "hears." : "sees."),
                     .param = "messages"};
    }
    return {};
}

// For pipelines whose picks are not made here.
[[nodiscard]] inline result<void> without_grammar(const generation_request& request, const std::string& why) {
    if (request.sampling.grammar.empty()) return {};
    return error{.code = code::unsupported,
                 .message = "An answer in a given form (JSON, a grammar) is not served here: " + why,
                 .param = "grammar"};
}

// For pipelines that fill no gaps.
[[nodiscard]] inline error fills_no_gap(const std::string& why) {
    return error{.code = code::unsupported,
                 .message = "A gap before a 'suffix' is not filled here: " + why + " Leave 'suffix' out, or ask a model that was made "
                            "for it, in this process or behind a llama-server, an Ollama or a cloud.",
                 .param = "suffix"};
}

[[nodiscard]] inline result<void> without_suffix(const generation_request& request, const std::string& why) {
    if (request.suffix.empty()) return {};
    return fills_no_gap(why);
}

// For pipelines that hold calls of tools to a grammar of their own: an answer can follow one.
[[nodiscard]] inline result<void> without_form_beside_tools(const generation_request& request) {
    if (request.tools.functions.empty() || request.sampling.grammar.empty()) return {};
    return error{.code = code::unsupported,
                 .message = "Tools and a form of the answer (JSON, a grammar) are not served together here: a model that Tightwad "
                            "runs follows one grammar at a time. Leave one of them out.",
                 .param = "tools"};
}

} // namespace tw
