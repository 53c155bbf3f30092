// What the weights of a model file are, as a short digest that is cheap to take.
#pragma once

#include <string>
#include <vector>

namespace llamacpp {

// Size and a 64-bit hash, in hex, over the first MiB and 64 blocks of 64 KiB spread evenly over the file; of a model
// in several files, over each of them. It tells conversions and quantizations apart and is no proof against
// a forger. The same on every machine. Throws tw::sdk::failure when a file cannot be read.
std::string identity_of(const std::string& path);

// The same of files that are given one by one; their order counts, their names do not.
std::string identity_of_files(const std::vector<std::string>& paths);

} // namespace llamacpp
