// One reader per question.
#include "front/question_request.hpp"

#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "front/fields.hpp"
#include "front/input_fields.hpp"
#include "front/json_body.hpp"
#include "front/router.hpp"

namespace tw::front {
namespace {

using nlohmann::json;

/// OpenAI's limit, and a bound on what one request can make others wait for.
constexpr std::size_t max_inputs = 2048, max_documents = 2048;

std::vector<std::variant<std::string, token_ids>> inputs_of(fields& in, const char* key) {
    std::vector<std::variant<std::string, token_ids>> out;
    for (auto& one : read_prompts(in, key, max_inputs)) { // neither of these = it was refused
        if (auto* ids = std::get_if<token_ids>(&one)) out.emplace_back(std::move(*ids));
        else if (auto* text = std::get_if<std::string>(&one)) out.emplace_back(std::move(*text));
    }
    return out;
}

void read_dimensions(fields& in, embed_question& out) {
    if (const auto n = in.integer("dimensions", 1, 1 << 20)) out.dimensions = static_cast<std::int32_t>(*n);
}

void read_embeddings(fields& in, question_request& out) {
    embed_question asked{.inputs = inputs_of(in, "input")};
    read_dimensions(in, asked);
    const auto format = in.text("encoding_format").value_or("float");
    if (format != "float" && format != "base64")
        in.refuse("encoding_format", "'encoding_format' must be float or base64.");
    out.base64 = format == "base64";
    out.what = std::move(asked);
}

bool is_blank(const json* input) {
    return !input || (input->is_string() && input->get_ref<const std::string&>().empty()) ||
           (input->is_array() && input->empty());
}

/// `key` is "input", or "prompt" in the older form. Nothing there loads the model only.
void read_ollama(fields& in, const char* key, question_request& out) {
    if (is_blank(in.find(key))) return;
    embed_question asked{.inputs = inputs_of(in, key)};
    asked.truncate = in.boolean("truncate").value_or(true);
    read_dimensions(in, asked);
    out.what = std::move(asked);
}

/// A text, or an object that holds it as "text".
std::string document(fields& in, const std::string& path, const json& value) {
    if (value.is_string()) return value.get<std::string>();
    const auto text = value.is_object() ? value.find("text") : value.end();
    if (value.is_object() && text != value.end() && text->is_string()) return text->get<std::string>();
    in.wrong_type(path, "a string", value);
    return {};
}

void read_rerank(fields& in, question_request& out) {
    rerank_question asked;
    if (auto query = in.text("query")) asked.query = std::move(*query);
    else in.refuse("query", "'query' is missing; it is the text that the documents are compared with.");
    const auto* documents = find_list(in, "documents", "document");
    if (!documents) return;
    if (documents->size() > max_documents)
        in.refuse("documents", "'documents' holds " + std::to_string(documents->size()) + " documents; at most " +
                                   std::to_string(max_documents) + " are taken.");
    for (std::size_t i = 0; i < documents->size() && !in.failure(); ++i)
        asked.documents.push_back(document(in, at("documents", i), (*documents)[i]));
    if (const auto most = in.integer("top_n", 1, std::numeric_limits<std::int32_t>::max()))
        out.top_n = static_cast<std::size_t>(*most);
    out.return_documents = in.boolean("return_documents").value_or(false);
    out.what = std::move(asked);
}

void read_tokenize(fields& in, question_request& out) {
    tokenize_question asked;
    if (auto text = in.text("content")) asked.text = std::move(*text);
    else in.refuse("content", "'content' is missing; it is the text to split into tokens.");
    asked.bos = in.boolean("add_special").value_or(false);
    asked.special = in.boolean("parse_special").value_or(true);
    out.with_pieces = in.boolean("with_pieces").value_or(false);
    out.what = std::move(asked);
}

void read_detokenize(fields& in, question_request& out) {
    detokenize_question asked;
    const auto* tokens = in.find("tokens");
    if (!tokens) in.refuse("tokens", "'tokens' is missing; it is an array of token ids.");
    else if (!tokens->is_array()) in.wrong_type("tokens", "an array of token ids", *tokens);
    else asked.tokens = read_tokens(in, "tokens", *tokens);
    out.what = std::move(asked);
}

} // namespace

result<question_request> parse_question(inquiry kind, std::string_view target, std::string_view body) {
    question_request out{.kind = kind};
    if (kind == inquiry::props) {
        out.model = query_value(target, "model");
        out.what = properties_question{};
        return out;
    }
    json parsed;
    if (auto failure = parse_body(body, parsed)) return *std::move(failure);
    fields in(parsed);
    out.model = in.text("model").value_or("");
    switch (kind) {
    case inquiry::embeddings:
        read_embeddings(in, out);
        break;
    case inquiry::ollama_embed:
        read_ollama(in, "input", out);
        break;
    case inquiry::ollama_embeddings:
        read_ollama(in, "prompt", out);
        break;
    case inquiry::rerank:
        read_rerank(in, out);
        break;
    case inquiry::tokenize:
        read_tokenize(in, out);
        break;
    default:
        read_detokenize(in, out);
        break;
    }
    if (in.failure()) return *in.failure();
    return out;
}

} // namespace tw::front
