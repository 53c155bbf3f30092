// JSON for and from an Ollama.
#include "wire.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include <tightwad/sdk/json_writer.hpp>
#include <tightwad/sdk/server_errors.hpp>

#include "members.hpp"

namespace ollama::wire {

using namespace tw::sdk;

namespace {

// Ollama's "options": OpenAI's settings under its names.
std::string options_of(const json::value& root, const settings& how) {
    json::object_writer out;
    for (const auto* same : {"temperature", "top_p", "top_k", "min_p", "repeat_penalty", "repeat_last_n",
                             "presence_penalty", "frequency_penalty", "stop"})
        if (const auto found = root.find(same)) out.raw(same, found->raw());
    if (const auto most = root.find("max_tokens")) out.raw("num_predict", most->raw());
    if (const auto seed = json::small_seed(root)) out.integer("seed", *seed);
    if (how.context > 0) out.integer("num_ctx", how.context);
    return out.str();
}

// Of {"url": "data:image/png;base64,…"}, the part behind the comma.
std::string image_of(const json::value& part) {
    const auto image = part.find("image_url");
    const auto url = image ? text(*image, "url") : std::string();
    const auto data = url.find(";base64,");
    if (!url.starts_with("data:") || data == std::string::npos)
        throw failure{TW_UNSUPPORTED, "Ollama takes images in the request only, as a data: URL in base64, and fetches none."};
    return url.substr(data + 8);
}

// A content that is a list of parts: the texts by lines, and the images apart.
void put_parts(json::object_writer& out, const json::value& parts) {
    std::string words, images;
    for (const auto& part : parts.elements()) {
        if (text(part, "type") == "input_audio") throw failure{TW_UNSUPPORTED, "Ollama takes no audio in chats."};
        if (text(part, "type") == "image_url") images.append(images.empty() ? "" : ",").append(json::quote(image_of(part)));
        else words.append(words.empty() ? "" : "\n").append(text(part, "text"));
    }
    out.text("content", words).raw("images", "[" + images + "]");
}

// The calls of an assistant: their arguments are an object.
std::string calls_of(const json::value& calls) {
    std::string list;
    for (const auto& call : calls.elements()) {
        const auto function = call.find("function");
        if (!function) continue;
        const auto arguments = text(*function, "arguments");
        static_cast<void>(json::value::parse(arguments).members()); // an object, or it is refused
        json::object_writer made;
        made.text("name", text(*function, "name")).raw("arguments", arguments);
        list.append(list.empty() ? "" : ",").append(json::object_writer().raw("function", made.str()).str());
    }
    return "[" + list + "]";
}

// The names of the functions that were called, by the calls' ids: OpenAI's clients name a result by its call alone.
using call_names = std::map<std::string, std::string, std::less<>>;

void note_calls(call_names& names, const json::value& calls) {
    for (const auto& call : calls.elements())
        if (const auto function = call.find("function")) names[text(call, "id")] = text(*function, "name");
}

std::string name_of_result(const json::value& message, const call_names& names) {
    if (auto said = text(message, "name"); !said.empty()) return said;
    const auto found = names.find(text(message, "tool_call_id"));
    return found != names.end() ? found->second : std::string();
}

// OpenAI's messages as Ollama takes them; a result names its function.
std::string messages_of(const json::value& messages) {
    std::string out;
    call_names names;
    for (const auto& message : messages.elements()) {
        const auto parts = message.find("content", json::kind::array);
        json::object_writer one;
        one.members(message, {"tool_calls", "tool_call_id", "name", parts ? "content" : "name"});
        if (parts) put_parts(one, *parts);
        if (text(message, "role") == "tool")
            if (const auto name = name_of_result(message, names); !name.empty()) one.text("tool_name", name);
        if (const auto calls = message.find("tool_calls", json::kind::array)) {
            note_calls(names, *calls);
            one.raw("tool_calls", calls_of(*calls));
        }
        out.append(out.empty() ? "" : ",").append(one.str());
    }
    return "[" + out + "]";
}

// Refused where it would have to be dropped.
void check(const json::value& root) {
    const auto refuse = [](const char* what) {
        throw failure{TW_UNSUPPORTED, std::string("Ollama has no ") + what + "; leave it out, or ask a model that is loaded by Tightwad."};
    };
    if (root.find("logit_bias")) refuse("logit_bias");
    if (root.find("grammar")) refuse("grammar");
    if (text(root, "tool_choice") == "required") refuse("tool_choice: its model chooses whether to call");
    const auto parallel = root.find("parallel_tool_calls", json::kind::boolean);
    if (parallel && !parallel->as_boolean()) refuse("parallel_tool_calls: its model may always call several");
}

void put_form(json::object_writer& out, const json::value& root) {
    const auto format = root.find("response_format");
    if (!format) return;
    const auto outer = format->find("json_schema");
    const auto schema = outer ? outer->find("schema") : std::nullopt;
    out.raw("format", schema ? schema->raw() : R"("json")");
}

// In a chat "logprobs" says whether, in a completion how many.
void put_logprobs(json::object_writer& out, const json::value& root) {
    const auto wanted = root.find("logprobs");
    if (!wanted) return;
    const auto top = wanted->kind() == json::kind::number ? wanted : root.find("top_logprobs");
    out.boolean("logprobs", true);
    if (top) out.raw("top_logprobs", top->raw());
}

} // namespace

std::string root_of(std::string url) {
    const auto strip = [&](std::string_view ending) {
        if (url.ends_with(ending)) url.resize(url.size() - ending.size());
    };
    strip("/");
    strip("/api");
    strip("/v1");
    strip("/");
    return url;
}

std::string path_of(const chat_request& request) {
    return request.root().find("messages") ? "/api/chat" : "/api/generate";
}

std::string body_of(const chat_request& request, const settings& how) {
    const auto root = request.root();
    check(root);
    json::object_writer out;
    out.text("model", how.model).boolean("stream", true);
    if (const auto messages = root.find("messages")) {
        out.raw("messages", messages_of(*messages));
        for (const auto* same : {"tools", "think"})
            if (const auto found = root.find(same)) out.raw(same, found->raw());
    } else {
        const auto prompt = root.find("prompt", json::kind::string);
        if (!prompt) throw failure{TW_UNSUPPORTED, "Ollama takes prompts in text only, not in token ids."};
        out.raw("prompt", prompt->raw());
        const auto suffix = root.find("suffix");
        if (suffix) out.raw("suffix", suffix->raw()); // the model's template puts both together
        else out.boolean("raw", true);
    }
    put_form(out, root);
    put_logprobs(out, root);
    if (!how.keep_alive.empty()) out.text("keep_alive", how.keep_alive);
    out.raw("options", options_of(root, how));
    return out.str();
}

std::string embed_body_of(const json::value& asked, const settings& how) {
    const auto input = asked.find("input", json::kind::array);
    for (const auto& one : input ? input->elements() : std::vector<json::value>())
        if (one.kind() != json::kind::string)
            throw failure{TW_UNSUPPORTED, "Ollama embeds texts only, no token ids."};
    json::object_writer out;
    out.text("model", how.model).members(asked);
    if (!how.keep_alive.empty()) out.text("keep_alive", how.keep_alive);
    if (how.context > 0) out.raw("options", json::object_writer().integer("num_ctx", how.context).str());
    return out.str();
}

std::string embeddings_of(std::string_view body) {
    const auto root = json::value::parse(body);
    const auto rows = root.find("embeddings", json::kind::array);
    if (!rows) throw failure{TW_CORRUPT, "Ollama's answer to /api/embed holds no embeddings."};
    std::string data;
    for (const auto& row : rows->elements())
        data.append(data.empty() ? "" : ",").append(json::object_writer().raw("embedding", row.raw()).str());
    const auto tokens = std::max<std::int64_t>(0, number(root, "prompt_eval_count"));
    return json::object_writer()
        .raw("data", "[" + data + "]")
        .raw("usage", json::object_writer().integer("prompt_tokens", tokens).str())
        .str();
}

std::vector<std::string> read_names(std::string_view body) {
    const auto root = json::value::parse(body);
    const auto models = root.find("models", json::kind::array);
    if (!models) throw failure{TW_CORRUPT, "What answers there is no Ollama: /api/tags holds no list of models."};
    std::vector<std::string> out;
    for (const auto& one : models->elements()) out.push_back(text(one, "name"));
    return out;
}

bool is_among(const std::string& model, const std::vector<std::string>& names) {
    const auto slash = model.rfind('/');
    const bool tagged = model.find(':', slash == std::string::npos ? 0 : slash) != std::string::npos;
    const auto whole = tagged ? model : model + ":latest";
    return std::find(names.begin(), names.end(), whole) != names.end();
}

std::string show_body_of(const settings& how, bool verbose) {
    json::object_writer out;
    out.text("model", how.model);
    if (verbose) out.boolean("verbose", true);
    return out.str();
}

std::string body_of(std::string_view prompt, std::uint32_t most, const settings& how) {
    json::object_writer options; // the likeliest token is the best draft, and the Modelfile is not to choose another one
    options.integer("temperature", 0).integer("num_predict", most).integer("repeat_penalty", 1);
    options.integer("presence_penalty", 0).integer("frequency_penalty", 0).raw("stop", "[]");
    if (how.context > 0) options.integer("num_ctx", how.context);
    json::object_writer out;
    out.text("model", how.model).text("prompt", prompt).boolean("raw", true).boolean("stream", true);
    out.boolean("logprobs", true).integer("top_logprobs", 2);
    if (!how.keep_alive.empty()) out.text("keep_alive", how.keep_alive);
    return out.raw("options", options.str()).str();
}

std::string vocabulary_of(const vocabulary& words, const settings& how) {
    constexpr std::int64_t usual_context = 2048; // the smallest that an Ollama took unless told otherwise
    auto context = how.context > 0 ? how.context : usual_context;
    if (words.context() > 0) context = std::min(context, words.context());
    return json::object_writer()
        .integer("tokens", static_cast<std::int64_t>(words.size()))
        .integer("context", context)
        .raw("pieces", words.pieces_json())
        .str();
}

std::string facts_of(std::string_view body) {
    const auto root = json::value::parse(body);
    json::object_writer out;
    if (const auto info = root.find("model_info", json::kind::object)) // the key begins with the model's architecture
        if (const auto context = number(*info, text(*info, "general.architecture") + ".context_length"); context > 0)
            out.integer("context", context);
    if (const auto capabilities = root.find("capabilities", json::kind::array)) out.raw("capabilities", capabilities->raw());
    if (const auto details = root.find("details", json::kind::object))
        for (const auto& [key, name] : {std::pair{"parameter_size", "parameters"}, std::pair{"quantization_level", "quantization"}})
            if (const auto words = text(*details, key); !words.empty()) out.text(name, words);
    return out.str();
}

std::string read_version(std::string_view body) { return text(json::value::parse(body), "version"); }

void stream::feed(std::string_view bytes, answer& out) {
    lines_.feed(bytes, [&](std::string_view text) {
        if (!done_ && !text.empty()) line(text, out);
    });
}

void stream::line(std::string_view text_of_line, answer& out) {
    std::optional<std::string> refused;
    try {
        const auto root = json::value::parse(text_of_line);
        if (const auto error = root.find("error", json::kind::string)) refused = error->as_string();
        if (const auto likely = root.find("logprobs", json::kind::array))
            out.more(json::object_writer().raw("logprobs", json::object_writer().raw("content", likely->raw()).str()).str());
        const auto message = root.find("message", json::kind::object);
        if (const auto thoughts = text(message ? *message : root, "thinking"); !thoughts.empty())
            out.more(json::object_writer().text("reasoning_content", thoughts).str());
        if (const auto piece = message ? text(*message, "content") : text(root, "response"); !piece.empty()) out.emit(piece);
        if (const auto calls = message ? message->find("tool_calls", json::kind::array) : std::nullopt)
            out.more(json::object_writer().raw("tool_calls", calls->raw()).str());
        const auto done = root.find("done", json::kind::boolean);
        if (done && done->as_boolean()) {
            done_ = true;
            if (text(root, "done_reason") == "length") out.reason(TW_FINISH_LENGTH);
            out.usage(number(root, "prompt_eval_count"), number(root, "eval_count"));
        }
    } catch (const failure& e) {
        if (e.code() != TW_INVALID_ARGUMENT) throw;
        throw failure{TW_CORRUPT, "Ollama sent a line that makes no sense: " + std::string(text_of_line.substr(0, 100))};
    }
    if (refused) throw failure{TW_UNAVAILABLE, "Ollama failed in the middle of its answer: " + *refused};
}

void stream::end(answer& out) {
    if (!done_ && !lines_.rest().empty()) line(std::string(lines_.rest()), out); // the last line may lack its end
    if (!done_) throw failure{TW_UNAVAILABLE, "Ollama broke off in the middle of its answer: no line said that it is done."};
}

} // namespace ollama::wire
