// Sums over tensors, by the names that llama.cpp gives them.
#include "plan/model_shape.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

#include "plan/gguf_types.hpp"

namespace tw::plan {
namespace {

constexpr std::uint64_t most_layers = 4096;
constexpr std::uint64_t cache_number_bytes = 2;

// Of "blk.12.attn_q.weight"; none for a tensor of no layer.
std::optional<std::uint64_t> layer_of(std::string_view name) {
    constexpr std::string_view before = "blk.";
    if (!name.starts_with(before)) return std::nullopt;
    std::uint64_t number = 0;
    const auto [rest, failed] = std::from_chars(name.data() + before.size(), name.data() + name.size(), number);
    return failed == std::errc{} && rest != name.data() + name.size() && *rest == '.' ? std::optional(number)
                                                                                      : std::nullopt;
}

// The value of a key that is one number, or one a layer.
std::optional<std::uint64_t> per_layer(const gguf_header& header, const std::string& key, std::size_t layer) {
    if (const auto found = header.lists.find(key); found != header.lists.end())
        return layer < found->second.size() ? std::optional(found->second[layer]) : std::nullopt;
    return header.number(key);
}

// A layer without attention, in models that mix, has 0 heads.
struct layer_heads {
    std::uint64_t queries = 0, cached = 0; // heads
    std::uint64_t keys = 0, values = 0;    // width of one
};

std::optional<layer_heads> heads_of(const gguf_header& header, const std::string& architecture, std::size_t layer) {
    const auto key = [&](const char* rest) { return architecture + rest; };
    const auto heads = per_layer(header, key(".attention.head_count"), layer);
    auto cached = per_layer(header, key(".attention.head_count_kv"), layer);
    if (!cached) cached = heads;
    const auto width = header.number(key(".embedding_length"));
    if (!cached || !heads || !width) return std::nullopt;
    const auto usual = *heads == 0 ? 0 : *width / *heads;
    const auto keys = header.number(key(".attention.key_length")).value_or(usual);
    const auto values = header.number(key(".attention.value_length")).value_or(usual);
    if (*cached > 65536 || keys > (1U << 20U) || values > (1U << 20U)) return std::nullopt;
    return layer_heads{*heads, *cached, keys, values};
}

bool recurrent(const gguf_header& header, const std::string& architecture) {
    return header.number(architecture + ".ssm.state_size") || header.number(architecture + ".wkv.head_size");
}

// Width of keys and of values together, over all heads.
std::optional<std::uint64_t> cache_width(const gguf_header& header, const std::string& architecture,
                                         std::size_t layer) {
    if (recurrent(header, architecture)) return std::nullopt;
    if (const auto rank = header.number(architecture + ".attention.kv_lora_rank")) { // one compressed vector for all heads
        const auto rope = header.number(architecture + ".rope.dimension_count");
        return rope ? std::optional(*rank + *rope) : std::nullopt;
    }
    const auto heads = heads_of(header, architecture, layer);
    return heads ? std::optional(heads->cached * (heads->keys + heads->values)) : std::nullopt;
}

std::optional<attention_shape> attention_of(const gguf_header& header, const std::string& architecture) {
    const auto heads = heads_of(header, architecture, 0);
    if (!heads || recurrent(header, architecture) || header.number(architecture + ".attention.kv_lora_rank")) return std::nullopt;
    const auto inner = per_layer(header, architecture + ".feed_forward_length", 0).value_or(0);
    const auto& [queries, cached, width, values] = *heads;
    if (queries == 0 || queries > 1024 || cached == 0 || queries % cached != 0) return std::nullopt;
    if (width == 0 || width > 1024 || width % 2 != 0 || inner > (1U << 20U)) return std::nullopt;
    const auto number = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
    return attention_shape{number(queries), number(cached), number(width), number(inner)};
}

void add_tensors(model_shape& out, const gguf_header& header) {
    for (const auto& one : header.tensors) {
        out.weight_bytes += one.bytes;
        out.bytes_by_type[std::string(find_gguf_type(one.type)->name)] += one.bytes;
        if (const auto layer = layer_of(one.name); layer && *layer < out.layers.size()) {
            out.layers[*layer].bytes += one.bytes;
            if (one.name.find("_exps") != std::string::npos) out.layers[*layer].expert_bytes += one.bytes;
        } else if (one.name.starts_with("token_embd") || one.name.starts_with("per_layer_token_embd")) {
            out.embedding_bytes += one.bytes;
        } else {
            out.output_bytes += one.bytes;
            if (one.name == "output.weight") out.tied = false;
        }
    }
}

} // namespace

std::optional<std::uint64_t> model_shape::cache_bytes(std::uint64_t tokens) const {
    std::uint64_t out = 0;
    for (const auto& one : layers) {
        if (!one.cache_bytes_per_token) return std::nullopt;
        out += *one.cache_bytes_per_token * tokens;
    }
    return out;
}

std::uint64_t model_shape::bytes_per_token() const {
    std::uint64_t out = output_bytes;
    for (const auto& one : layers) {
        out += one.bytes - one.expert_bytes;
        out += experts == 0 ? one.expert_bytes : one.expert_bytes / experts * std::min(experts_used, experts);
    }
    return out + (vocabulary == 0 ? 0 : embedding_bytes / vocabulary);
}

result<model_shape> shape_of(const std::vector<gguf_header>& headers) {
    const auto& first = headers.front();
    model_shape out;
    out.architecture = first.text("general.architecture");
    if (out.architecture.empty())
        return fail(code::unsupported, "The file names no architecture, so it is not a language model.");
    const auto number = [&](const char* rest) { return first.number(out.architecture + rest).value_or(0); };
    out.name = first.text("general.name");
    out.files = headers.size();
    out.context = number(".context_length");
    out.width = number(".embedding_length");
    out.experts = number(".expert_count");
    out.experts_used = number(".expert_used_count");
    const auto tokens = first.lengths.find("tokenizer.ggml.tokens");
    out.vocabulary = tokens != first.lengths.end() ? tokens->second : number(".vocab_size");
    const auto layers = number(".block_count");
    if (layers > most_layers)
        return fail(code::corrupt,
                    "The file claims " + std::to_string(layers) + " layers, and a model has at most 4096.");
    out.layers.resize(layers);
    for (std::size_t i = 0; i < out.layers.size(); ++i)
        if (const auto width = cache_width(first, out.architecture, i))
            out.layers[i].cache_bytes_per_token = *width * cache_number_bytes;
    if (!out.layers.empty()) out.attention = attention_of(first, out.architecture);
    out.tied = true;
    for (const auto& header : headers) add_tensors(out, header);
    if (out.tied) out.output_bytes += out.embedding_bytes;
    return out;
}

result<model_shape> inspect_model(const std::filesystem::path& file) {
    const auto files = files_of_model(file);
    if (!files) return files.error();
    std::vector<gguf_header> headers;
    std::uint64_t bytes = 0;
    for (const auto& one : *files) {
        std::error_code failed;
        const auto size = std::filesystem::is_regular_file(one, failed) ? std::filesystem::file_size(one, failed) : 0;
        std::ifstream in(one, std::ios::binary);
        if (failed || !in || !std::filesystem::is_regular_file(one, failed))
            return fail(code::not_found, "The model file " + one.string() + " is not there, or cannot be read.");
        auto header = read_gguf(in, size);
        if (!header) return fail(header.error().code, one.string() + ": " + header.error().message);
        std::uint64_t whole = header->data_begin;
        for (const auto& tensor : header->tensors)
            if (tensor.offset <= size) whole = std::max(whole, header->data_begin + tensor.offset + tensor.bytes);
            else whole = std::max(whole, tensor.offset);
        if (whole > size)
            return fail(code::corrupt, one.string() + " is cut short: it has " + std::to_string(size) +
                                           " bytes and needs " + std::to_string(whole) + ". Download it again.");
        bytes += size;
        headers.push_back(std::move(*header));
    }
    auto out = shape_of(headers);
    if (!out) return fail(out.error().code, file.string() + ": " + out.error().message);
    out->file_bytes = bytes;
    return out;
}

} // namespace tw::plan
