// A heavy model that behaves like a small one: added residual blocks whose output projections are zero.
#include "commands.hpp"
#include "source_model.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace tw::make_model {
namespace {

constexpr std::uint32_t most_blocks = 512; // LLAMA_MAX_LAYERS of llama.cpp v0.5.0

// A tensor of the added blocks, or of the old ones.
struct piece {
    std::int64_t from; // the source's tensor
    std::size_t size;
    bool zero;
};

std::uint32_t read_count(const source_model& source, const std::string& text) {
    const auto most = source.blocks < most_blocks ? most_blocks - source.blocks : 0;
    if (most == 0) source.refuse("its " + std::to_string(source.blocks) + " blocks are all that llama.cpp loads");
    return read_number(text, "BLOCKS", 1, most, " for a model of " + std::to_string(source.blocks) + " blocks");
}

std::string prefix(std::uint32_t block) { return "blk." + std::to_string(block) + "."; }

// What follows the block's number, for the tensors through which a block adds to the residual stream.
bool adds_to_the_stream(std::string_view name) {
    return name.starts_with("attn_output.") || name.starts_with("ffn_down.");
}

void require_zero_bytes_mean_zero(const source_model& source, const ggml_tensor& tensor) {
    const auto* traits = ggml_get_type_traits(tensor.type);
    if (tensor.type == GGML_TYPE_F32) return;
    const std::vector<char> bytes(ggml_type_size(tensor.type));
    std::vector<float> values(static_cast<std::size_t>(ggml_blck_size(tensor.type)), 1.0F);
    if (traits->to_float != nullptr) traits->to_float(bytes.data(), values.data(), ggml_blck_size(tensor.type));
    if (std::any_of(values.begin(), values.end(), [](float value) { return value != 0.0F; }))
        source.refuse(std::string(tensor.name) + " has the type " + traits->type_name +
                           ", in which zero bytes are not the number zero");
}

// Adds the tensors of the new blocks to the header and says where each tensor's bytes come from.
std::vector<piece> plan(const source_model& source, std::uint32_t count) {
    auto* meta = source.meta.get();
    const auto old = gguf_get_n_tensors(meta);
    std::vector<piece> pieces;
    for (std::int64_t id = 0; id < old; ++id) pieces.push_back({id, gguf_get_tensor_size(meta, id), false});
    for (std::uint32_t block = source.blocks; block < source.blocks + count; ++block) {
        const auto from = prefix(block % source.blocks);
        int outputs = 0;
        for (std::int64_t id = 0; id < old; ++id) {
            const std::string name = gguf_get_tensor_name(meta, id);
            if (!name.starts_with(from)) continue;
            const auto kind = name.substr(from.size());
            ggml_tensor tensor = *ggml_get_tensor(source.tensors.get(), name.c_str());
            const bool zero = adds_to_the_stream(kind);
            if (zero) require_zero_bytes_mean_zero(source, tensor);
            outputs += kind == "attn_output.weight" || kind == "ffn_down.weight";
            const auto added = prefix(block) + kind;
            if (gguf_find_tensor(meta, added.c_str()) >= 0)
                source.refuse("it holds " + added + " already, beyond its block count");
            ggml_set_name(&tensor, added.c_str());
            gguf_add_tensor(meta, &tensor);
            pieces.push_back({id, gguf_get_tensor_size(meta, id), zero});
        }
        if (outputs != 2) source.refuse("its blocks are not of the kind with one attn_output and one ffn_down");
    }
    return pieces;
}

// The count, and every "llama." array with one entry per block.
void describe(const source_model& source, std::uint32_t count) {
    auto* meta = source.meta.get();
    std::vector<std::string> arrays;
    for (std::int64_t id = 0; id < gguf_get_n_kv(meta); ++id)
        if (const std::string key = gguf_get_key(meta, id);
            key.starts_with("llama.") && gguf_get_kv_type(meta, id) == GGUF_TYPE_ARRAY &&
            gguf_get_arr_type(meta, id) != GGUF_TYPE_STRING && gguf_get_arr_n(meta, id) == source.blocks)
            arrays.push_back(key);
    for (const auto& key : arrays) {
        const auto id = gguf_find_key(meta, key.c_str());
        const auto type = gguf_get_arr_type(meta, id);
        const bool wide = type == GGUF_TYPE_UINT64 || type == GGUF_TYPE_INT64 || type == GGUF_TYPE_FLOAT64;
        const bool byte = type == GGUF_TYPE_UINT8 || type == GGUF_TYPE_INT8 || type == GGUF_TYPE_BOOL;
        const bool half = type == GGUF_TYPE_UINT16 || type == GGUF_TYPE_INT16;
        const std::size_t width = wide ? 8 : byte ? 1 : half ? 2 : 4;
        const auto* data = static_cast<const char*>(gguf_get_arr_data(meta, id));
        std::vector<char> longer(data, data + source.blocks * width);
        for (std::size_t i = 0; i < count * width; ++i) longer.push_back(longer[i]);
        gguf_set_arr_data(meta, key.c_str(), type, longer.data(), source.blocks + count);
    }
    gguf_set_val_u32(meta, "llama.block_count", source.blocks + count);
}

void write(const source_model& source, std::size_t data_offset, const std::vector<piece>& pieces,
           const std::string& out) {
    const auto* meta = source.meta.get();
    std::ifstream in(source.path, std::ios::binary);
    std::size_t all = 0;
    for (const auto& part : pieces) all += part.size;
    tensor_file file(out, meta, all);
    std::vector<char> bytes;
    for (const auto& part : pieces) {
        bytes.assign(part.size, '\0');
        if (!part.zero) {
            in.seekg(static_cast<std::streamoff>(data_offset + gguf_get_tensor_offset(meta, part.from)));
            if (!in.read(bytes.data(), static_cast<std::streamsize>(part.size)))
                throw std::runtime_error(source.path.string() + " is cut within " +
                                         gguf_get_tensor_name(meta, part.from));
        }
        file.write(bytes);
        file.end_tensor();
    }
    file.close();
}

} // namespace

void inflate(const std::filesystem::path& in, const std::filesystem::path& out, const std::string& blocks) {
    const auto source = source_model::open(in, "inflated");
    const auto count = read_count(source, blocks);
    const auto data_offset = gguf_get_data_offset(source.meta.get()); // before the header grows
    const auto pieces = plan(source, count);
    describe(source, count);
    write_then_rename(out, [&](const std::string& part) { write(source, data_offset, pieces, part); });
}

} // namespace tw::make_model
