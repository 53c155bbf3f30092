// A look at a GGUF file before it is loaded: there, whole, and a language model.
#pragma once

#include <string>

namespace llamacpp {

// Throws tw::sdk::failure with one sentence when `path` cannot be served: missing, a folder, not
// GGUF, cut short, or without an architecture. Reads the header only.
void check_model_file(const std::string& path);

} // namespace llamacpp
