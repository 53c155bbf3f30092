// Owners of gguf and ggml contexts, and the write that leaves no half-made file.
#pragma once

#include <ggml.h>
#include <gguf.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace tw::make_model {

struct gguf_deleter {
    void operator()(gguf_context* context) const noexcept { gguf_free(context); }
};
struct ggml_deleter {
    void operator()(ggml_context* context) const noexcept { ggml_free(context); }
};
using gguf_ptr = std::unique_ptr<gguf_context, gguf_deleter>;
using ggml_ptr = std::unique_ptr<ggml_context, ggml_deleter>;

/// Runs `write` with the path OUT.part and renames that to OUT when it returns; removes it when it
/// throws. A run that is cut leaves OUT as it was. Throws std::runtime_error.
void write_then_rename(const std::filesystem::path& out,
                       const std::function<void(const std::string& part)>& write);

/// A GGUF in the making. Tensors borrow their data: it must live until save() has returned.
class gguf_draft {
  public:
    /// `max_tensors` bounds how often tensor() may be called.
    explicit gguf_draft(std::size_t max_tensors);

    [[nodiscard]] gguf_context* meta() const noexcept { return meta_.get(); }

    /// Adds an F32 tensor of `rows` rows, one row for a vector; its row length follows from the
    /// data.
    void tensor(const std::string& name, std::span<const float> data, std::int64_t rows);

    /// Writes the file. Throws std::runtime_error naming the path.
    void save(const std::filesystem::path& out) const;

  private:
    gguf_ptr meta_;
    ggml_ptr tensors_;
};

/// Copies all "tokenizer.*" keys of the GGUF `source` to `target` and returns the number of tokens.
/// Throws std::runtime_error when `source` is no GGUF or holds no vocabulary.
std::size_t copy_tokenizer(const std::filesystem::path& source, gguf_context* target);

} // namespace tw::make_model
