#include "source_model.hpp"

#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <vector>

namespace tw::make_model {

source_model source_model::open(const std::filesystem::path& path, const std::string& done) {
    source_model source{.path = path, .meta = {}, .tensors = {}, .done = done};
    ggml_context* tensors = nullptr;
    source.meta.reset(gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = &tensors}));
    source.tensors.reset(tensors);
    if (!source.meta) throw std::runtime_error(path.string() + " is missing or not a GGUF file");

    const auto architecture = gguf_find_key(source.meta.get(), "general.architecture");
    const bool text = architecture >= 0 && gguf_get_kv_type(source.meta.get(), architecture) == GGUF_TYPE_STRING;
    const std::string name = text ? gguf_get_val_str(source.meta.get(), architecture) : "none";
    if (name != "llama") source.refuse("its architecture is " + name + ", and only llama is understood");
    source.blocks = source.number("llama.block_count");
    if (source.blocks == 0) source.refuse("its llama.block_count is 0");
    return source;
}

void source_model::refuse(const std::string& why) const {
    throw std::runtime_error(path.string() + " cannot be " + done + ": " + why);
}

std::uint32_t source_model::number(const char* key) const {
    const auto id = gguf_find_key(meta.get(), key);
    if (id < 0 || gguf_get_kv_type(meta.get(), id) != GGUF_TYPE_UINT32)
        refuse(std::string("its header names no ") + key);
    return gguf_get_val_u32(meta.get(), id);
}

std::uint32_t read_number(const std::string& text, const std::string& what, std::uint32_t least, std::uint32_t most,
                          const std::string& where) {
    std::uint32_t out = 0;
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, out);
    if (parsed.ec != std::errc{} || parsed.ptr != end || out < least || out > most)
        throw std::runtime_error(what + " is a number from " + std::to_string(least) + " to " + std::to_string(most) + where +
                                 ", not " + text);
    return out;
}

namespace {
constexpr const char* cannot_write = "the disk is full or the folder cannot be written";
} // namespace

tensor_file::tensor_file(const std::string& path, const gguf_context* meta, std::size_t all)
    : alignment_(gguf_get_alignment(meta)), all_(all) {
    if (!gguf_write_to_file(meta, path.c_str(), true)) throw std::runtime_error(cannot_write);
    file_.open(path, std::ios::binary | std::ios::app);
}

void tensor_file::write(const std::vector<char>& bytes) {
    if (!file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) throw std::runtime_error(cannot_write);
    in_tensor_ += bytes.size();
    done_ += bytes.size();
    const auto quarters = done_ * 4 / all_;
    if (quarters == shown_) return;
    shown_ = quarters;
    std::fprintf(stderr, "      wrote %zu of %zu MB\n", done_ / 1000000, all_ / 1000000);
}

void tensor_file::end_tensor() {
    const std::vector<char> padding((alignment_ - in_tensor_ % alignment_) % alignment_, '\0');
    if (!file_.write(padding.data(), static_cast<std::streamsize>(padding.size())))
        throw std::runtime_error(cannot_write);
    in_tensor_ = 0;
}

void tensor_file::close() {
    file_.close();
    if (!file_) throw std::runtime_error(cannot_write);
}

} // namespace tw::make_model
