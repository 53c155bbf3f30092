// The subcommands of tightwad-make-model; each throws std::runtime_error with a whole sentence.
#pragma once

#include <filesystem>
#include <string>

namespace tw::make_model {

/// Writes the llama2.c model as an F32 GGUF with the tokenizer of the GGUF `vocabulary`.
void write_stories(const std::filesystem::path& llama2c, const std::filesystem::path& vocabulary,
                   const std::filesystem::path& out);

/// Quantises the GGUF `in`, already quantised or not, to `type`: "q4_0" or "q8_0". Reports on
/// stderr.
void quantize(const std::filesystem::path& in, const std::filesystem::path& out,
              const std::string& type);

/// Appends `blocks` (1 to 512 less those there) residual blocks to the llama GGUF `in`. Their output
/// projections are zero and the rest are copies, so the function is the same bit for bit and the
/// cost grows with every block. Reports on stderr.
void inflate(const std::filesystem::path& in, const std::filesystem::path& out,
             const std::string& blocks);

/// Pads every tensor of the llama GGUF `in` with zeros: residual stream of `width`, `inner` inside the feed-forward (both
/// multiples of 256), heads of 128. The function is the same up to rounding. Reports on stderr.
void widen(const std::filesystem::path& in, const std::filesystem::path& out, const std::string& width,
           const std::string& inner);

/// Makes every feed-forward part of the llama GGUF `in` a mixture of `experts` (2 to 64) that are all the same and of which
/// a token gets two: the same function, `experts` times the bytes. Reports on stderr.
void mix(const std::filesystem::path& in, const std::filesystem::path& out, const std::string& experts);

/// Divides the tensors of the GGUF `in` between PREFIX-00001-of-00002.gguf and PREFIX-00002-of-00002.gguf.
void split(const std::filesystem::path& in, const std::string& prefix);

/// Writes a GGUF with the vocabulary of a Hugging Face `tokenizer` file and weights that are all
/// zero.
void write_vocabulary(const std::filesystem::path& tokenizer, const std::filesystem::path& out);

} // namespace tw::make_model
