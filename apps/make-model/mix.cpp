// A mixture of experts that behaves like a dense model: every expert is the same, and the router likes all alike.
#include "commands.hpp"
#include "source_model.hpp"

#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace tw::make_model {
namespace {

constexpr std::uint32_t used = 2; // experts of a token; half and half of the same is the same, bit for bit
constexpr std::uint32_t most_experts = 64;

// "blk.3.ffn_up.weight" -> "blk.3.ffn_up_exps.weight"; nothing for a tensor that all experts share.
std::optional<std::string> expert_name(std::string_view name) {
    for (const std::string_view kind : {"ffn_gate", "ffn_up", "ffn_down"})
        if (const auto ending = std::string(kind) + ".weight"; name.starts_with("blk.") && name.ends_with("." + ending))
            return std::string(name.substr(0, name.size() - ending.size())) + std::string(kind) + "_exps.weight";
    return std::nullopt;
}

// Where the bytes of a new tensor come from.
struct piece {
    std::int64_t from; // the source's tensor; -1 = zeros
    std::size_t bytes, times;
};

void set_strides(ggml_tensor& tensor) {
    tensor.nb[1] = ggml_row_size(tensor.type, tensor.ne[0]);
    tensor.nb[2] = tensor.nb[1] * static_cast<std::size_t>(tensor.ne[1]);
    tensor.nb[3] = tensor.nb[2] * static_cast<std::size_t>(tensor.ne[2]);
}

std::vector<piece> plan(const source_model& source, std::uint32_t experts, gguf_context* header) {
    std::vector<piece> out;
    const auto* meta = source.meta.get();
    for (std::int64_t id = 0; id < gguf_get_n_tensors(meta); ++id) {
        ggml_tensor tensor = *ggml_get_tensor(source.tensors.get(), gguf_get_tensor_name(meta, id));
        const auto name = expert_name(tensor.name);
        if (name) {
            ggml_set_name(&tensor, name->c_str());
            tensor.ne[2] = experts;
            set_strides(tensor);
        }
        gguf_add_tensor(header, &tensor);
        out.push_back({id, gguf_get_tensor_size(meta, id), name ? experts : std::size_t{1}});
    }
    for (std::uint32_t block = 0; block < source.blocks; ++block) {
        ggml_tensor router{};
        router.type = GGML_TYPE_F32;
        router.ne[0] = source.number("llama.embedding_length");
        router.ne[1] = experts;
        router.ne[2] = router.ne[3] = 1;
        router.nb[0] = sizeof(float);
        set_strides(router);
        ggml_set_name(&router, ("blk." + std::to_string(block) + ".ffn_gate_inp.weight").c_str());
        gguf_add_tensor(header, &router);
        out.push_back({-1, router.nb[3], 1});
    }
    return out;
}

} // namespace

void mix(const std::filesystem::path& in, const std::filesystem::path& out, const std::string& experts) {
    const auto source = source_model::open(in, "made a mixture of experts");
    const auto count = read_number(experts, "EXPERTS", used, most_experts);
    const auto* meta = source.meta.get();
    const gguf_ptr header(gguf_init_empty());
    gguf_set_kv(header.get(), meta);
    gguf_set_val_u32(header.get(), "llama.expert_count", count);
    gguf_set_val_u32(header.get(), "llama.expert_used_count", used);
    const auto pieces = plan(source, count, header.get());
    std::size_t all = 0;
    for (const auto& one : pieces) all += one.bytes * one.times;
    write_then_rename(out, [&](const std::string& part) {
        std::ifstream file(source.path, std::ios::binary);
        tensor_file written(part, header.get(), all);
        for (const auto& one : pieces) {
            std::vector<char> bytes(one.bytes, '\0');
            if (one.from >= 0) {
                file.seekg(static_cast<std::streamoff>(gguf_get_data_offset(meta) + gguf_get_tensor_offset(meta, one.from)));
                if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
                    throw std::runtime_error(source.path.string() + " is cut within " + gguf_get_tensor_name(meta, one.from));
            }
            for (std::size_t i = 0; i < one.times; ++i) written.write(bytes);
            written.end_tensor();
        }
        written.close();
    });
}

} // namespace tw::make_model
