// The llama GGUF that another model is made from, and the writing of tensors behind a header.
#pragma once

#include "gguf_file.hpp"

#include <fstream>

namespace tw::make_model {

/// Where its tensors lie, and what its header says.
struct source_model {
    std::filesystem::path path;
    gguf_ptr meta;
    ggml_ptr tensors;
    std::uint32_t blocks = 0;

    /// Throws std::runtime_error when the file is no llama GGUF; `done` names what is to be done with it: "inflated".
    static source_model open(const std::filesystem::path& path, const std::string& done);

    /// Throws std::runtime_error with the reason.
    [[noreturn]] void refuse(const std::string& why) const;

    /// The header's number of that key. Throws when it is not there.
    [[nodiscard]] std::uint32_t number(const char* key) const;

    std::string done;
};

/// A number from `least` to `most` on the command line; throws std::runtime_error naming `what`, and `where` that holds.
std::uint32_t read_number(const std::string& text, const std::string& what, std::uint32_t least, std::uint32_t most,
                          const std::string& where = {});

/// Appends tensors, each padded to the header's alignment, and reports every quarter on stderr.
class tensor_file {
  public:
    /// `all` = bytes to come. Writes the header of `meta` to `path`. Throws std::runtime_error, like the others here.
    tensor_file(const std::string& path, const gguf_context* meta, std::size_t all);
    void write(const std::vector<char>& bytes);
    void end_tensor();
    void close();

  private:
    std::ofstream file_;
    std::size_t alignment_, all_, done_ = 0, in_tensor_ = 0, shown_ = 0;
};

} // namespace tw::make_model
