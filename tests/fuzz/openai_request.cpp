// Fuzz target: any bytes are a request or an error with a sentence, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "front/api_request.hpp"
#include "front/errors.hpp"
#include "front/question_request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tw::front;
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    for (const auto kind : {endpoint::chat, endpoint::completion, endpoint::responses, endpoint::messages,
                            endpoint::ollama_chat, endpoint::ollama_generate}) {
        const auto request = parse_request(kind, body, {.max_tokens = 100});
        if (request.has_error()) {
            if (request.error().message.empty() || error_reply(request.error()).status != 400)
                __builtin_trap();
            continue;
        }
        const bool may_be_empty = kind == endpoint::ollama_chat || kind == endpoint::ollama_generate;
        if (request->answers() == 0 && !may_be_empty) __builtin_trap();
        for (std::size_t i = 0; i < request->answers(); ++i)
            static_cast<void>(request->answer(i));
    }
    for (const auto kind : {inquiry::embeddings, inquiry::rerank, inquiry::tokenize, inquiry::detokenize,
                            inquiry::ollama_embed, inquiry::ollama_embeddings, inquiry::props}) {
        const auto asked = parse_question(kind, body, body);
        if (asked.has_error() && (asked.error().message.empty() || error_reply(asked.error()).status != 400))
            __builtin_trap();
    }
    return 0;
}
