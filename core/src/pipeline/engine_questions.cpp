// Tokens to text and back, by the vocabulary.
#include "pipeline/engine_questions.hpp"

#include "base/text.hpp"

namespace tw {
namespace {

// As llama.cpp spells a token outside an answer: by its name where it adds nothing to one.
const std::string& spelled(const engine& model, std::int32_t id) {
    const auto& token = model.vocabulary()[static_cast<std::size_t>(id)];
    return token.piece.empty() ? token.text : token.piece;
}

result<finding> answer(const engine& model, const tokenize_question& asked) {
    auto ids = model.tokenize(asked.text, asked.special, asked.bos);
    if (!ids) return ids.error();
    token_list out{std::move(*ids), {}};
    out.pieces.reserve(out.ids.size());
    for (const auto id : out.ids) out.pieces.push_back(spelled(model, id));
    return out;
}

result<finding> answer(const engine& model, const detokenize_question& asked) {
    std::string text;
    for (std::size_t i = 0; i < asked.tokens.size(); ++i) {
        const auto id = asked.tokens[i];
        if (id < 0 || id >= model.info().n_vocab)
            return error{.code = code::invalid_argument,
                         .message = "Token id " + std::to_string(id) + " is not in the vocabulary, whose ids run from 0 to " +
                                    std::to_string(model.info().n_vocab - 1) + ".",
                         .param = "tokens[" + std::to_string(i) + "]"};
        text += spelled(model, id);
    }
    return detokenized{to_valid_utf8(text)};
}

result<finding> answer(const engine& model, const properties_question&) {
    const auto& info = model.info();
    return model_properties{.context = info.n_ctx,
                            .slots = info.n_seq,
                            .model = info.model,
                            .build = info.build,
                            .chat_template = info.chat_template,
                            .bos = info.bos < 0 ? std::string() : spelled(model, info.bos),
                            .as_is = {}};
}

} // namespace

std::optional<result<finding>> about_engine(const engine& model, const question& asked) {
    return std::visit(
        [&](const auto& one) -> std::optional<result<finding>> {
            if constexpr (requires { answer(model, one); }) return answer(model, one);
            else return std::nullopt;
        },
        asked);
}

} // namespace tw
