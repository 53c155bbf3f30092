// JSON schemas as grammars, where the engine brings llama.cpp's own converter (libllama-common).
#pragma once

#include <string>
#include <string_view>

namespace llamacpp {

// The grammar of the JSON texts that meet `schema`. Throws failure: TW_INVALID_ARGUMENT with what is wrong with it,
// TW_UNSUPPORTED where the engine has no converter.
[[nodiscard]] std::string gbnf_of_schema(std::string_view schema);

} // namespace llamacpp
