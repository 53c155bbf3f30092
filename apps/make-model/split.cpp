// Two files in the place of one, named and marked as llama.cpp expects of a split model.
#include "commands.hpp"
#include "gguf_file.hpp"

#include <llama.h>

#include <array>
#include <stdexcept>

namespace tw::make_model {
namespace {

constexpr int parts = 2;

std::string path_of(const std::string& prefix, int part) {
    std::array<char, 4096> out{};
    if (llama_split_path(out.data(), out.size(), prefix.c_str(), part, parts) <= 0)
        throw std::runtime_error("the prefix " + prefix + " is too long");
    return out.data();
}

} // namespace

void split(const std::filesystem::path& in, const std::string& prefix) {
    ggml_context* loaded = nullptr;
    const gguf_ptr source(gguf_init_from_file(in.c_str(), {.no_alloc = false, .ctx = &loaded}));
    const ggml_ptr tensors(loaded);
    if (!source) throw std::runtime_error(in.string() + " is missing or not a GGUF file");
    const auto count = gguf_get_n_tensors(source.get());
    if (count < parts) throw std::runtime_error(in.string() + " cannot be split: it has " + std::to_string(count) + " tensors");
    for (int part = 0; part < parts; ++part) {
        const gguf_ptr out(gguf_init_empty());
        if (part == 0) gguf_set_kv(out.get(), source.get()); // the others hold tensors alone
        gguf_set_val_u16(out.get(), "split.no", static_cast<std::uint16_t>(part));
        gguf_set_val_u16(out.get(), "split.count", parts);
        gguf_set_val_i32(out.get(), "split.tensors.count", static_cast<std::int32_t>(count));
        for (auto id = count * part / parts; id < count * (part + 1) / parts; ++id)
            gguf_add_tensor(out.get(), ggml_get_tensor(tensors.get(), gguf_get_tensor_name(source.get(), id)));
        write_then_rename(path_of(prefix, part), [&](const std::string& written) {
            if (!gguf_write_to_file(out.get(), written.c_str(), false))
                throw std::runtime_error("the disk is full or the folder cannot be written");
        });
    }
}

} // namespace tw::make_model
