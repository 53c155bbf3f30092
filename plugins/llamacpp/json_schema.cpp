// JSON schemas through libllama-common.
#include "json_schema.hpp"

#include <tightwad/sdk/error.hpp>

#ifdef TW_LLAMA_COMMON
#include <algorithm>

#include <json-schema-to-grammar.h>
#include <json.h>
#endif

namespace llamacpp {
using tw::sdk::failure;

#ifdef TW_LLAMA_COMMON
std::string gbnf_of_schema(std::string_view schema) {
    try {
        return json_schema_to_grammar(common_json::parse(std::string(schema)), true);
    } catch (const std::exception& e) {
        std::string why = e.what();
        std::replace(why.begin(), why.end(), '\n', ' ');
        throw failure(TW_INVALID_ARGUMENT, "The JSON schema cannot be followed: " + why);
    }
}
#else
std::string gbnf_of_schema(std::string_view) {
    throw failure(TW_UNSUPPORTED, "The llama.cpp that is installed here brings no converter of JSON schemas "
                                  "(libllama-common and its headers); send a grammar, or build with the "
                                  "engine of `sh apps/setup/engine.sh`.");
}
#endif

} // namespace llamacpp
