// Vectors as numbers or base64, lists, texts.
#include "front/question_reply.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <vector>

#include <openssl/evp.h>

#include "base/text.hpp"
#include "front/json_text.hpp"

namespace tw::front {
namespace {

using nlohmann::ordered_json;

/// The shortest digits that are read back as the same float.
void append(std::string& to, float number) {
    char digits[32];
    to.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

std::string numbers(const std::vector<float>& vector) {
    std::string out = "[";
    for (const auto number : vector) {
        if (out.size() > 1) out += ',';
        append(out, number);
    }
    return out + "]";
}

/// Of the floats' bytes, little-endian.
std::string base64(const std::vector<float>& vector) {
    std::vector<unsigned char> bytes;
    bytes.reserve(vector.size() * 4);
    for (const auto number : vector) {
        const auto bits = std::bit_cast<std::uint32_t>(number);
        for (const unsigned shift : {0U, 8U, 16U, 24U}) bytes.push_back(static_cast<unsigned char>(bits >> shift & 0xFFU));
    }
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0'); // the function ends its letters with a zero
    ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(), static_cast<int>(bytes.size()));
    out.pop_back();
    return out;
}

ordered_json usage(std::int64_t tokens) { return {{"prompt_tokens", tokens}, {"total_tokens", tokens}}; }

/// The vectors are written by hand: as JSON values they would take sixteen times their size.
std::string openai_embeddings(const question_request& asked, const std::string& model, const embedding_list& found) {
    std::string out = R"({"object":"list","data":[)";
    for (std::size_t i = 0; i < found.vectors.size(); ++i) {
        out += std::string(i > 0 ? "," : "") + R"({"object":"embedding","index":)" + std::to_string(i) + R"(,"embedding":)";
        out += asked.base64 ? '"' + base64(found.vectors[i]) + '"' : numbers(found.vectors[i]);
        out += '}';
    }
    return out + R"(],"model":)" + text_of(model) + R"(,"usage":)" + text_of(usage(found.prompt_tokens)) + '}';
}

std::string ollama_embeddings(const std::string& model, const embedding_list& found) {
    std::string out = R"({"model":)" + text_of(model) + R"(,"embeddings":[)";
    for (std::size_t i = 0; i < found.vectors.size(); ++i) out += (i > 0 ? "," : "") + numbers(found.vectors[i]);
    return out + R"(],"prompt_eval_count":)" + std::to_string(found.prompt_tokens) + '}';
}

std::string ranked(const question_request& asked, const std::string& model, const ranking& found) {
    const auto& documents = std::get<rerank_question>(*asked.what).documents;
    ordered_json out{{"object", "list"}, {"model", model}, {"results", ordered_json::array()}};
    for (std::size_t i = 0; i < std::min(asked.top_n, found.entries.size()); ++i) {
        const auto& [index, score] = found.entries[i];
        ordered_json one{{"index", index}, {"relevance_score", score}};
        if (asked.return_documents) one["document"]["text"] = documents[index];
        out["results"].push_back(std::move(one));
    }
    out["usage"] = usage(found.prompt_tokens);
    return text_of(out);
}

std::string tokens(const question_request& asked, const token_list& found) {
    if (!asked.with_pieces) return text_of({{"tokens", found.ids}});
    ordered_json out{{"tokens", ordered_json::array()}};
    for (std::size_t i = 0; i < found.ids.size(); ++i) {
        const auto& piece = found.pieces[i];
        ordered_json one{{"id", found.ids[i]}};
        if (is_valid_utf8(piece)) one["piece"] = piece;
        else one["piece"] = std::vector<unsigned char>(piece.begin(), piece.end());
        out["tokens"].push_back(std::move(one));
    }
    return text_of(out);
}

std::string properties(const std::string& model, const model_properties& found) {
    if (!found.as_is.empty()) return found.as_is;
    ordered_json out;
    out["default_generation_settings"]["n_ctx"] = found.context;
    out["total_slots"] = found.slots;
    out["model_alias"] = model;
    out["model_ftype"] = found.model;
    out["modalities"] = {{"vision", false}, {"audio", false}};
    out["chat_template"] = found.chat_template;
    out["bos_token"] = found.bos;
    out["build_info"] = found.build;
    return text_of(out);
}

} // namespace

std::string question_reply(const question_request& asked, const std::string& model, const finding& found) {
    switch (asked.kind) {
    case inquiry::embeddings:
        return openai_embeddings(asked, model, std::get<embedding_list>(found));
    case inquiry::ollama_embed:
        return ollama_embeddings(model, std::get<embedding_list>(found));
    case inquiry::ollama_embeddings:
        return R"({"embedding":)" + numbers(std::get<embedding_list>(found).vectors.front()) + '}';
    case inquiry::rerank:
        return ranked(asked, model, std::get<ranking>(found));
    case inquiry::tokenize:
        return tokens(asked, std::get<token_list>(found));
    case inquiry::detokenize:
        return text_of({{"content", std::get<detokenized>(found).text}});
    case inquiry::props:
        break;
    }
    return properties(model, std::get<model_properties>(found));
}

std::string loaded_reply(const question_request& asked, const std::string& model) {
    if (asked.kind == inquiry::ollama_embeddings) return R"({"embedding":[]})";
    return ollama_embeddings(model, {});
}

} // namespace tw::front
