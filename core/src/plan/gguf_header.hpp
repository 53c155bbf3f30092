// What stands at the beginning of a GGUF file: the model's figures and a list of its tensors. No weights are read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tw::plan {

struct gguf_tensor {
    std::string name;
    std::uint32_t type = 0;
    std::vector<std::uint64_t> shape; // 1 to 4
    std::uint64_t offset = 0, bytes = 0; // in the data; bytes without padding
};

struct gguf_header {
    std::uint32_t version = 0;
    std::map<std::string, std::uint64_t> numbers; // integers and booleans; negative ones are left out
    std::map<std::string, std::string> texts;     // at most 4096 bytes of each
    std::map<std::string, std::vector<std::uint64_t>> lists; // of integers, of up to 4096 entries
    std::map<std::string, std::uint64_t> lengths; // of every list
    std::vector<gguf_tensor> tensors;
    std::uint64_t data_begin = 0; // in the file

    [[nodiscard]] std::optional<std::uint64_t> number(const std::string& key) const;
    [[nodiscard]] std::string text(const std::string& key) const; // empty: not there
};

// Limits on what a stranger's file may ask for: 65,536 keys, 262,144 tensors, names of 1,024 bytes, texts of 16 MiB,
// lists of 16,777,216 entries; no memory is taken for what is not there. `file_bytes`: how much there is in all. The
// error says what is wrong and where.
[[nodiscard]] result<gguf_header> read_gguf(std::istream& in, std::uint64_t file_bytes);

// All files of a model, in their order: NAME-00001-of-00003.gguf names the others. Errors: one is not there.
[[nodiscard]] result<std::vector<std::filesystem::path>> files_of_model(const std::filesystem::path& file);

} // namespace tw::plan
