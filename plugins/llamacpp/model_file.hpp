// A look at a GGUF file before it is loaded: there, whole, and a language model.
#pragma once

#include <string>

namespace llamacpp {

// Throws tw::sdk::failure with one sentence when `path` cannot be served: missing, a folder, not
// GGUF, cut short, without an architecture, or of a split model not the first file, or one of the
// others is missing or cut short. Reads headers only.
void check_model_file(const std::string& path);

// Whether a file that is sound has the head that scores a document. Of a split model it is not looked for.
[[nodiscard]] bool can_rank(const std::string& path);

} // namespace llamacpp
