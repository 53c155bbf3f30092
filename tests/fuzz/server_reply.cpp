// Fuzz target: a server's reply may be any bytes; it is a finding of the right size or an error with a sentence.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pipeline/server_questions.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tw;
    const std::string_view reply(reinterpret_cast<const char*>(data), size);
    const question all[] = {tokenize_question{}, detokenize_question{}, properties_question{},
                            embed_question{.inputs = {"a", "b"}}, rerank_question{"q", {"a", "b", "c"}},
                            count_question{}};
    for (const auto& asked : all) {
        const auto read = from_server(asked, reply);
        if (!read) {
            if (read.error().message.empty()) __builtin_trap();
            continue;
        }
        if (read->index() != asked.index()) __builtin_trap();
        if (const auto* tokens = std::get_if<token_list>(&*read); tokens && tokens->ids.size() != tokens->pieces.size())
            __builtin_trap();
        if (const auto* list = std::get_if<embedding_list>(&*read))
            for (const auto& vector : list->vectors)
                if (list->vectors.size() != 2 || vector.empty()) __builtin_trap();
        if (const auto* order = std::get_if<ranking>(&*read); order && order->entries.size() != 3) __builtin_trap();
    }
    return 0;
}
