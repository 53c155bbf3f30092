// Ollama's chat and generate: sampling lies in "options", answers are streamed unless told not to.
#include <limits>

#include <nlohmann/json.hpp>

#include "front/answer_form.hpp"
#include "front/input_fields.hpp"
#include "front/readers.hpp"
#include "front/request_fields.hpp"
#include "front/said_fields.hpp"
#include "front/tool_fields.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

void refuse_what_is_missing(fields& in, endpoint kind) {
    if (kind == endpoint::ollama_chat) return;
    if (is_set(in.find("tools"))) refuse_unsupported(in, "tools", "Tools of a completion are");
    if (is_set(in.find("template"))) refuse_unsupported(in, "template", "Other templates are");
    if (is_set(in.find("context"))) refuse_unsupported(in, "context", "Contexts of token ids are");
}

/// Ollama's own defaults differ from OpenAI's; who names nothing wants them.
void read_options(fields& in, api_request& out, request_limits limits) {
    out.base.sampling.temperature = 0.8F;
    out.base.sampling.top_k = 40;
    out.base.sampling.top_p = 0.9F;
    const json none = json::object();
    const auto* options = in.object("options");
    fields inner(options ? *options : none, "options.");
    read_sampling(inner, out.base.sampling);
    read_stop(inner, "stop", 16, out.base.stop);
    // As at Ollama, 0 and less (-1: endless, -2: as the context has room) are no bound.
    using bounds = std::numeric_limits<std::int32_t>;
    if (inner.integer("num_predict", bounds::min(), bounds::max()).value_or(0) > 0)
        read_max_tokens(inner, "num_predict", limits.max_tokens, true, out.base.max_tokens);
    out.base.said = said_in(inner, false);
    in.adopt(inner);
}

/// A wish to an Ollama, which knows levels too; whoever else answers thinks as he does.
void read_think(fields& in, api_request& out) {
    constexpr std::size_t longest_level = 32;
    const auto* think = in.find("think");
    if (!think) return;
    const bool level = think->is_string() && think->get_ref<const std::string&>().size() <= longest_level;
    if (!think->is_boolean() && !level) return in.wrong_type("think", "true, false or a level such as \"high\"", *think);
    auto said = out.base.said.empty() ? json::object() : json::parse(out.base.said);
    said["think"] = *think;
    out.base.said = said.dump();
}

void read_chat(fields& in, api_request& out) {
    const auto* messages = in.find("messages");
    if (!messages || (messages->is_array() && messages->empty())) return;
    auto said = read_messages(in);
    for (std::size_t i = 0; i < said.size() && !in.failure(); ++i) {
        const auto images = (*messages)[i].find("images");
        if (images == (*messages)[i].end() || !is_set(&*images)) continue;
        const auto path = at("messages", i) + ".images";
        if (said[i].role == "user") put_bare_images(in, path, *images, said[i]);
        else in.refuse(path, "'" + path + "' belongs to a message of the role user.");
    }
    out.inputs.emplace_back(std::move(said));
}

void read_generate(fields& in, api_request& out) {
    const auto prompt = in.text("prompt").value_or("");
    const auto system = in.text("system").value_or("");
    const bool raw = in.boolean("raw").value_or(false);
    const auto* images = in.find("images");
    const bool sees = is_set(images);
    if (prompt.empty() && !sees) return;
    out.base.suffix = in.text("suffix").value_or("");
    if (raw || !out.base.suffix.empty()) { // no chat
        const auto alone = raw ? "'raw'" : "'suffix'";
        if (sees) in.refuse("images", std::string("'images' beside ") + alone + " is not supported yet; leave one of them out.", tw::code::unsupported);
        if (!raw && !system.empty()) in.refuse("system", "'system' beside 'suffix' is not supported yet; leave one of them out.", tw::code::unsupported);
        out.inputs.emplace_back(prompt);
        return;
    }
    std::vector<chat_message> messages;
    if (!system.empty()) messages.push_back({"system", system});
    messages.push_back({"user", prompt});
    if (sees) put_bare_images(in, "images", *images, messages.back());
    out.inputs.emplace_back(std::move(messages));
}

} // namespace

void read_ollama(fields& in, api_request& out, request_limits limits) {
    refuse_what_is_missing(in, out.kind);
    out.stream = in.boolean("stream").value_or(true);
    if (out.kind == endpoint::ollama_chat)
        read_chat(in, out);
    else
        read_generate(in, out);
    if (out.kind == endpoint::ollama_chat) read_tools(in, out);
    read_ollama_format(in, out);
    read_chat_logprobs(in, out);
    read_options(in, out, limits);
    read_think(in, out);
    read_extension(in, out);
}

} // namespace tw::front
