// Writing GGUF files through gguf.h.
#include "gguf_file.hpp"

#include <stdexcept>
#include <string_view>
#include <vector>

namespace tw::make_model {
namespace fs = std::filesystem;

void write_then_rename(const fs::path& out,
                       const std::function<void(const std::string& part)>& write) {
    const fs::path part = out.string() + ".part";
    try {
        write(part.string());
        fs::rename(part, out);
    } catch (const std::exception& error) {
        std::error_code ignored;
        fs::remove(part, ignored);
        throw std::runtime_error(out.string() + " was not written: " + error.what());
    }
}

gguf_draft::gguf_draft(std::size_t max_tensors) : meta_(gguf_init_empty()) {
    tensors_.reset(ggml_init({.mem_size = max_tensors * ggml_tensor_overhead(),
                              .mem_buffer = nullptr,
                              .no_alloc = true}));
    if (!meta_ || !tensors_) {
        throw std::runtime_error("out of memory for the GGUF's metadata");
    }
}

void gguf_draft::tensor(const std::string& name, std::span<const float> data, std::int64_t rows) {
    const auto columns = static_cast<std::int64_t>(data.size()) / rows;
    ggml_tensor* tensor = rows == 1
                              ? ggml_new_tensor_1d(tensors_.get(), GGML_TYPE_F32, columns)
                              : ggml_new_tensor_2d(tensors_.get(), GGML_TYPE_F32, columns, rows);
    ggml_set_name(tensor, name.c_str());
    gguf_add_tensor(meta_.get(), tensor);
    gguf_set_tensor_data(meta_.get(), name.c_str(), data.data());
}

void gguf_draft::save(const fs::path& out) const {
    write_then_rename(out, [this](const std::string& part) {
        if (!gguf_write_to_file(meta_.get(), part.c_str(), false)) {
            throw std::runtime_error("the disk is full or the folder cannot be written");
        }
    });
}

std::size_t copy_tokenizer(const fs::path& source, gguf_context* target) {
    const gguf_ptr vocabulary{
        gguf_init_from_file(source.c_str(), {.no_alloc = true, .ctx = nullptr})};
    if (!vocabulary) {
        throw std::runtime_error(source.string() + " is missing or not a GGUF file");
    }
    const auto tokens = gguf_find_key(vocabulary.get(), "tokenizer.ggml.tokens");
    if (tokens < 0) {
        throw std::runtime_error(source.string() + " holds no vocabulary");
    }
    std::vector<std::string> others;
    for (std::int64_t id = 0; id < gguf_get_n_kv(vocabulary.get()); ++id) {
        const std::string key = gguf_get_key(vocabulary.get(), id);
        if (!key.starts_with("tokenizer.")) {
            others.push_back(key);
        }
    }
    const std::size_t count = gguf_get_arr_n(vocabulary.get(), tokens);
    for (const auto& key : others) {
        gguf_remove_key(vocabulary.get(), key.c_str());
    }
    gguf_set_kv(target, vocabulary.get());
    return count;
}

} // namespace tw::make_model
