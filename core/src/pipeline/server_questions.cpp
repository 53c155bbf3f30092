// JSON to servers and from them.
#include "pipeline/server_questions.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"
#include "base/text.hpp"
#include "pipeline/server_body.hpp"

namespace tw {
namespace {

using nlohmann::json;

error corrupt(const std::string& what) { return fail(code::corrupt, "The server's reply makes no sense: " + what + "."); }

const json* member(const json& from, const char* key, json::value_t kind) {
    const auto found = from.find(key);
    return found != from.end() && found->type() == kind ? &*found : nullptr;
}

std::int64_t prompt_tokens(const json& reply) {
    const auto* usage = member(reply, "usage", json::value_t::object);
    const auto found = usage ? usage->find("prompt_tokens") : reply.end();
    return usage && found != usage->end() && found->is_number_unsigned()
               ? static_cast<std::int64_t>(std::min<std::uint64_t>(found->get<std::uint64_t>(), INT64_MAX)) : 0;
}

result<std::vector<float>> vector_of(const json& numbers) {
    std::vector<float> out;
    out.reserve(numbers.size());
    for (const auto& number : numbers) {
        const auto value = number.is_number() ? number.get<float>() : std::nanf("");
        if (!std::isfinite(value)) return corrupt("an embedding holds something that is no number");
        out.push_back(value);
    }
    return out;
}

result<finding> read(const embed_question& asked, const json& reply) {
    const auto* data = member(reply, "data", json::value_t::array);
    if (!data || data->size() != asked.inputs.size())
        return corrupt("it has no list \"data\" with " + std::to_string(asked.inputs.size()) + " embeddings");
    embedding_list out{std::vector<std::vector<float>>(data->size()), prompt_tokens(reply)};
    for (std::size_t i = 0; i < data->size(); ++i) {
        const auto& entry = (*data)[i];
        const auto* numbers = entry.is_object() ? member(entry, "embedding", json::value_t::array) : nullptr;
        if (!numbers || numbers->empty()) return corrupt("entry " + std::to_string(i) + " of \"data\" has no embedding");
        const auto written = entry.find("index");
        const auto index = written != entry.end() && written->is_number_unsigned() ? written->get<std::size_t>() : i;
        if (index >= out.vectors.size() || !out.vectors[index].empty())
            return corrupt("\"data\" has the index " + std::to_string(index) + " twice or too high");
        auto numbers_read = vector_of(*numbers);
        if (!numbers_read) return numbers_read.error();
        if (asked.dimensions && numbers_read->size() != static_cast<std::size_t>(*asked.dimensions))
            return error{.code = code::unsupported,
                         .message = "'dimensions' is " + std::to_string(*asked.dimensions) + ", and the server behind this model "
                                    "made " + std::to_string(numbers_read->size()) + " of them. Leave 'dimensions' out.",
                         .param = "dimensions"};
        out.vectors[index] = std::move(*numbers_read);
    }
    return out;
}

result<finding> read(const rerank_question& asked, const json& reply) {
    const auto* results = member(reply, "results", json::value_t::array);
    if (!results) return corrupt("it has no list \"results\"");
    ranking out{{}, prompt_tokens(reply)};
    std::vector<bool> seen(asked.documents.size());
    for (const auto& each : *results) {
        const bool whole = each.is_object() && each.contains("index") && each["index"].is_number_unsigned() &&
                           each.contains("relevance_score") && each["relevance_score"].is_number();
        const auto index = whole ? each["index"].get<std::size_t>() : seen.size();
        if (index >= seen.size() || seen[index]) return corrupt("\"results\" has an entry that is no document's, or one twice");
        seen[index] = true;
        out.entries.push_back({index, each["relevance_score"].get<double>()});
    }
    if (out.entries.size() != seen.size()) return corrupt("\"results\" lacks some documents");
    std::stable_sort(out.entries.begin(), out.entries.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    return out;
}

// A text, or its bytes.
std::optional<std::string> piece_of(const json& written) {
    if (written.is_string()) return written.get<std::string>();
    if (!written.is_array()) return std::nullopt;
    std::string out;
    for (const auto& byte : written) {
        if (!byte.is_number_unsigned() || byte.get<std::uint64_t>() > 255) return std::nullopt;
        out += static_cast<char>(byte.get<unsigned>());
    }
    return out;
}

result<finding> read(const tokenize_question&, const json& reply) {
    const auto* tokens = member(reply, "tokens", json::value_t::array);
    if (!tokens) return corrupt("it has no list \"tokens\"");
    token_list out;
    for (const auto& each : *tokens) {
        const auto* id = each.is_object() ? member(each, "id", json::value_t::number_unsigned) : nullptr;
        auto piece = id && each.contains("piece") ? piece_of(each["piece"]) : std::nullopt;
        if (!piece || id->get<std::uint64_t>() > INT32_MAX) return corrupt("\"tokens\" holds something that is no token");
        out.ids.push_back(id->get<std::int32_t>());
        out.pieces.push_back(std::move(*piece));
    }
    return out;
}

result<finding> read(const detokenize_question&, const json& reply) {
    const auto* content = member(reply, "content", json::value_t::string);
    if (!content) return corrupt("it has no text \"content\"");
    return detokenized{content->get<std::string>()};
}

result<finding> read(const count_question&, const json& reply) {
    const auto* tokens = member(reply, "tokens", json::value_t::number_unsigned);
    if (!tokens || tokens->get<std::uint64_t>() > INT32_MAX) return corrupt("it has no number \"tokens\"");
    return token_count{tokens->get<std::int64_t>()};
}

json to_json(const embed_question& asked) {
    json out{{"truncate", asked.truncate}};
    for (const auto& one : asked.inputs) std::visit([&](const auto& input) { out["input"].push_back(input); }, one);
    if (asked.dimensions) out["dimensions"] = *asked.dimensions;
    return out;
}

json to_json(const tokenize_question& asked) {
    return {{"content", asked.text}, {"add_special", asked.bos}, {"parse_special", asked.special}};
}

json to_json(const detokenize_question& asked) { return {{"tokens", asked.tokens}}; }
json to_json(const properties_question&) { return json::object(); }
json to_json(const rerank_question& asked) { return {{"query", asked.query}, {"documents", asked.documents}}; }
nlohmann::ordered_json to_json(const count_question& asked) { return to_server_body(asked.request); }

} // namespace

server_question to_server(const question& asked) {
    static constexpr const char* names[] = {"tokenize", "detokenize", "properties", "embeddings", "rerank", "count"};
    const auto text = [](const auto& one) { return to_json(one).dump(-1, ' ', false, json::error_handler_t::replace); };
    return {names[asked.index()], std::visit(text, asked)};
}

result<finding> from_server(const question& asked, std::string_view reply) {
    if (!is_valid_utf8(reply) || json_deeper_than(reply, max_json_depth)) return corrupt("it is no JSON");
    const auto parsed = json::parse(reply, nullptr, false);
    if (!parsed.is_object()) return corrupt("it is no JSON object");
    return std::visit(
        [&](const auto& one) -> result<finding> {
            if constexpr (requires { read(one, parsed); }) return read(one, parsed);
            else return model_properties{.as_is = std::string(reply)};
        },
        asked);
}

} // namespace tw
