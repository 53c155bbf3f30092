// Templates and tool calls through libllama-common; without it there are none.
#include "chat.hpp"

#include "chat_template.hpp"
#include "engine.hpp"

#ifdef TW_LLAMA_COMMON
#include <algorithm>
#include <mutex>
#include <vector>

#include <chat.h>
#include <json.h>
#include <log.h>

#include <tightwad/sdk/json_writer.hpp>

#include "json_calls.hpp"
#endif

namespace llamacpp {
using tw::sdk::failure;

#ifdef TW_LLAMA_COMMON
namespace {

using tw::sdk::json::object_writer;
using tw::sdk::json::value;

class native_reader final : public call_reader {
  public:
    explicit native_reader(const common_chat_params& form) : params_(form) {
        if (!form.parser.empty()) params_.parser.load(form.parser);
    }

  protected:
    [[nodiscard]] std::optional<read_message> parse(const std::string& all, bool partial) const override {
        common_chat_msg message;
        try {
            message = common_chat_parse(all, partial, params_);
        } catch (const std::exception&) {
            return std::nullopt;
        }
        read_message out{.content = std::move(message.content)};
        for (auto& call : message.tool_calls)
            out.calls.push_back({std::move(call.id), std::move(call.name), std::move(call.arguments)});
        return out;
    }

  private:
    common_chat_parser_params params_;
};

template <class Each> std::string list(const std::vector<Each>& from, std::string (*written)(const Each&)) {
    std::string out;
    for (const auto& each : from) out.append(out.empty() ? "" : ",").append(written(each));
    return "[" + out + "]";
}

std::string quoted(const std::string& text) { return tw::sdk::json::quote(text); }

std::string written(const common_grammar_trigger& trigger) {
    object_writer out;
    out.integer("type", trigger.type).text("value", trigger.value).integer("token", trigger.token);
    return out.str();
}

// `arguments`: an object for the template, as JSON; empty = none.
common_chat_templates_inputs inputs_of(const std::string& messages, std::string_view arguments) {
    common_chat_templates_inputs out;
    out.messages = common_chat_msgs_parse_oaicompat(common_json::parse(messages));
    if (arguments.empty()) return out;
    for (const auto& [name, argument] : value::parse(arguments).members()) {
        out.chat_template_kwargs[name] = std::string(argument.raw());
        if (name == "enable_thinking" && argument.kind() == tw::sdk::json::kind::boolean)
            out.enable_thinking = argument.as_boolean();
    }
    return out;
}

std::string_view arguments_of(const value& request) {
    const auto found = request.find("chat_template_kwargs");
    return found && found->kind() == tw::sdk::json::kind::object ? found->raw() : std::string_view();
}

// Only the prompt: what the answer looks like is not worked out.
std::string plain_prompt(const common_chat_templates* templates, const std::string& messages, std::string_view arguments = {}) {
    auto inputs = inputs_of(messages, arguments);
    inputs.force_pure_content = true;
    return common_chat_templates_apply(templates, inputs).prompt;
}

// In the model's own form.
std::string own_form(const common_chat_templates* templates, const llama_vocab* vocab, const value& request,
                     bool required, std::unique_ptr<call_reader>* reader) {
    auto inputs = inputs_of(std::string(request.find("messages")->raw()), arguments_of(request));
    inputs.tools = common_chat_tools_parse_oaicompat(common_json::parse(std::string(request.find("tools")->raw())));
    inputs.tool_choice = required ? COMMON_CHAT_TOOL_CHOICE_REQUIRED : COMMON_CHAT_TOOL_CHOICE_AUTO;
    const auto parallel = request.find("parallel_tool_calls");
    inputs.parallel_tool_calls = parallel && parallel->as_boolean();
    const auto form = common_chat_templates_apply(templates, inputs);
    if (required && form.grammar.empty())
        throw failure(TW_UNSUPPORTED, "llama.cpp has no grammar for the tool calls of this model, so a call cannot be "
                                      "required. Set tool_choice to \"auto\".");
    std::vector<std::string> shown, kept;
    for (const auto& text : form.preserved_tokens)
        if (const auto ids = common_tokenize(vocab, text, false, true); ids.size() == 1) {
            shown.push_back(llama_vocab_get_text(vocab, ids.front()));
            kept.push_back(std::to_string(ids.front()));
        }
    object_writer out;
    out.text("prompt", form.prompt).raw("stops", list(form.additional_stops, quoted)).raw("shown", list(shown, quoted));
    if (!form.grammar.empty()) {
        object_writer spec;
        spec.text("gbnf", form.grammar);
        if (form.grammar_lazy) spec.raw("triggers", list(form.grammar_triggers, written));
        else spec.text("prefix", form.generation_prompt);
        spec.raw("kept", list<std::string>(kept, [](const std::string& id) { return id; }));
        out.raw("grammar", spec.str());
    }
    if (reader != nullptr) *reader = std::make_unique<native_reader>(form);
    return out.str();
}

std::string begun(const common_chat_templates* templates, bool has_calls, const llama_vocab* vocab,
                  const value& request, std::unique_ptr<call_reader>* reader) {
    const auto messages = request.find("messages");
    if (!messages) throw failure(TW_INVALID_ARGUMENT, "The chat has no messages.");
    const auto tools = request.find("tools");
    const auto choice = request.find("tool_choice");
    const bool required = choice && choice->as_string() == "required";
    if (has_calls && tools) return own_form(templates, vocab, request, required, reader);
    if (tools && !required)
        throw failure(TW_UNSUPPORTED, "The model was not made to call tools: its chat template has no form for it, so "
                                      "it cannot choose whether to. Set tool_choice to \"required\", or name a "
                                      "function.");
    const auto rendered = plain_prompt(templates, has_calls ? std::string(messages->raw()) : told_in_json(request),
                                       arguments_of(request));
    object_writer out;
    out.text("prompt", rendered);
    if (tools) out.raw("grammar", object_writer().raw("json_schema", schema_of_calls(*tools)).str());
    if (reader != nullptr) *reader = std::make_unique<json_call_reader>();
    return out.str();
}

// A template's own words may be long, and have a place in the template behind them.
failure refused(const std::exception& why) {
    std::string words = why.what();
    std::replace(words.begin(), words.end(), '\n', ' ');
    return failure(TW_INVALID_ARGUMENT,
                   "The model's chat template cannot render these messages: " + words.substr(0, 400));
}

} // namespace

void chat::deleter::operator()(common_chat_templates* templates) const { common_chat_templates_free(templates); }

chat::chat(const engine& of) : engine_(of) {
    static std::once_flag once;
    std::call_once(once, [] { common_log_set_verbosity_thold(-1); }); // it would print what it reads
    if (of.template_source().empty()) throw failure(TW_UNSUPPORTED, "The model has no chat template.");
    if (is_builtin_template(of.template_override()))
        throw failure(TW_UNSUPPORTED, "chat_template is \"" + of.template_override() + "\": the templates that are built in "
                                      "have no form for tool calls.");
    try {
        templates_.reset(common_chat_templates_init(of.model(), of.template_override()).release());
        has_calls_ = common_chat_templates_get_caps(templates_.get()).at("supports_tool_calls");
        static_cast<void>(plain_prompt(templates_.get(), R"([{"role":"user","content":"hello"}])"));
    } catch (const std::exception& e) {
        throw failure(TW_UNSUPPORTED, refused(e).what());
    }
}

std::string chat::begin(std::string_view request_json, std::unique_ptr<answer>* reader) const {
    try {
        return begun(templates_.get(), has_calls_, engine_.vocab(), value::parse(request_json), reader);
    } catch (const failure&) {
        throw;
    } catch (const std::exception& e) {
        throw refused(e);
    }
}
#else
void chat::deleter::operator()(common_chat_templates*) const {}

chat::chat(const engine& of) : engine_(of) {
    throw failure(TW_UNSUPPORTED, "The llama.cpp that is installed here brings no templates (libllama-common and its "
                                  "headers); build with the engine of `sh apps/setup/engine.sh`.");
}

std::string chat::begin(std::string_view, std::unique_ptr<answer>*) const { return {}; }
#endif

} // namespace llamacpp
