// A small model in the shape of a large one: every tensor padded with zeros, heads of 128, the function unchanged up to
// rounding. On a GPU a pass then costs what reading a large model's weights costs, which added blocks alone do not do.
#include "commands.hpp"
#include "source_model.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace tw::make_model {
namespace {

constexpr std::uint32_t head = 128;      // what a large model has, and every GPU kernel knows
constexpr std::uint32_t multiple = 256;  // the longest block of a quantised type
constexpr std::uint32_t widest = 65536;

// Where the numbers of one axis go.
struct axis {
    std::int64_t from = 0, to = 0;   // its old and its new length
    std::int64_t group = 0, step = 0; // each `group` of old places begins at a multiple of `step`

    [[nodiscard]] std::int64_t place(std::int64_t old) const { return old / group * step + old % group; }
};

struct shape {
    axis embedding, heads, inner; // the residual stream, all heads together, the feed-forward's inside
    float norm = 1, query = 1;    // what the norms' weights and the queries are multiplied with
};

struct change {
    axis columns;
    std::optional<axis> rows; // none = as many as before
    float factor = 1;
};

// What becomes of a tensor of a llama block, or outside of the blocks; nothing for one that is not understood.
std::optional<change> change_of(std::string_view name, const shape& to) {
    if (name.starts_with("blk.")) name.remove_prefix(std::min(name.size(), name.find('.', 4) + 1));
    if (name == "token_embd.weight" || name == "output.weight") return change{to.embedding, {}, 1};
    if (name == "output_norm.weight" || name == "attn_norm.weight" || name == "ffn_norm.weight")
        return change{to.embedding, {}, to.norm};
    if (name == "attn_q.weight") return change{to.embedding, to.heads, to.query};
    if (name == "attn_k.weight" || name == "attn_v.weight") return change{to.embedding, to.heads, 1};
    if (name == "attn_output.weight") return change{to.heads, to.embedding, 1};
    if (name == "ffn_gate.weight" || name == "ffn_up.weight") return change{to.embedding, to.inner, 1};
    if (name == "ffn_down.weight") return change{to.inner, to.embedding, 1};
    return {};
}

shape plan(const source_model& source, std::uint32_t width, std::uint32_t inner) {
    const auto old_width = source.number("llama.embedding_length"), old_inner = source.number("llama.feed_forward_length");
    const auto heads = source.number("llama.attention.head_count");
    const char* kv = "llama.attention.head_count_kv";
    if (gguf_find_key(source.meta.get(), kv) >= 0 && source.number(kv) != heads)
        source.refuse("its heads share keys and values");
    const auto old_head = old_width / std::max(1U, heads);
    if (old_head > head || width < old_width || inner < old_inner || width / head < heads)
        source.refuse("it has " + std::to_string(heads) + " heads of " + std::to_string(old_head) + ", a width of " +
                      std::to_string(old_width) + " and " + std::to_string(old_inner) + " inside, which do not fit " +
                      std::to_string(width / head) + " heads of " + std::to_string(head) + " and " +
                      std::to_string(inner) + " inside");
    const auto same = [](std::uint32_t from, std::uint32_t to) { return axis{from, to, from, to}; };
    return {.embedding = same(old_width, width),
            .heads = {old_width, width, old_head, head},
            .inner = same(old_inner, inner),
            // The mean square of a padded vector is smaller by old_width / width.
            .norm = std::sqrt(static_cast<float>(old_width) / static_cast<float>(width)),
            // The attention divides by the square root of the head's size.
            .query = std::sqrt(static_cast<float>(head) / static_cast<float>(old_head))};
}

float real(const source_model& source, const char* key, float otherwise) {
    const auto id = gguf_find_key(source.meta.get(), key);
    return id >= 0 && gguf_get_kv_type(source.meta.get(), id) == GGUF_TYPE_FLOAT32
               ? gguf_get_val_f32(source.meta.get(), id) : otherwise;
}

void describe(const source_model& source, const shape& to, gguf_context* out) {
    const auto number = [&](const char* key, std::int64_t value) {
        gguf_set_val_u32(out, key, static_cast<std::uint32_t>(value));
    };
    number("llama.embedding_length", to.embedding.to);
    number("llama.feed_forward_length", to.inner.to);
    number("llama.attention.head_count", to.heads.to / head);
    number("llama.attention.head_count_kv", to.heads.to / head);
    number("llama.rope.dimension_count", head);
    gguf_set_val_f32(out, "llama.attention.layer_norm_rms_epsilon",
                     real(source, "llama.attention.layer_norm_rms_epsilon", 1e-5F) * to.norm * to.norm);
    // The turn of pair i is base^(-2i / head): the same turns in a longer head.
    gguf_set_val_f32(out, "llama.rope.freq_base",
                     std::pow(real(source, "llama.rope.freq_base", 10000.0F),
                              static_cast<float>(head) / static_cast<float>(to.heads.group)));
}

// Reads a tensor row by row as floats, and writes the wider rows in its own type.
class padded_tensor {
  public:
    padded_tensor(const source_model& source, const ggml_tensor& tensor, const change& how)
        : source_(source), tensor_(tensor), how_(how), old_(static_cast<std::size_t>(how.columns.from)),
          new_(static_cast<std::size_t>(how.columns.to)), bytes_(ggml_row_size(tensor.type, how.columns.from)) {}

    void write(std::istream& in, tensor_file& out) {
        const auto rows = how_.rows ? how_.rows->to : ggml_nrows(&tensor_);
        const std::vector<char> nothing = quantized();
        std::int64_t next = 0;
        for (std::int64_t row = 0; row < rows; ++row) {
            const bool old = !how_.rows || (next < how_.rows->from && how_.rows->place(next) == row);
            out.write(old ? read(in, next++) : nothing);
        }
        out.end_tensor();
    }

  private:
    std::vector<char> read(std::istream& in, std::int64_t row) {
        if (!in.read(bytes_.data(), static_cast<std::streamsize>(bytes_.size())))
            throw std::runtime_error(source_.path.string() + " is cut within row " + std::to_string(row) + " of " +
                                     tensor_.name);
        if (tensor_.type == GGML_TYPE_F32) std::copy_n(reinterpret_cast<const float*>(bytes_.data()), old_.size(), old_.begin());
        else ggml_get_type_traits(tensor_.type)->to_float(bytes_.data(), old_.data(), how_.columns.from);
        std::fill(new_.begin(), new_.end(), 0.0F);
        for (std::int64_t i = 0; i < how_.columns.from; ++i)
            new_[static_cast<std::size_t>(how_.columns.place(i))] = old_[static_cast<std::size_t>(i)] * how_.factor;
        return quantized();
    }

    [[nodiscard]] std::vector<char> quantized() const {
        std::vector<char> out(ggml_row_size(tensor_.type, how_.columns.to));
        ggml_quantize_chunk(tensor_.type, new_.data(), out.data(), 0, 1, how_.columns.to, nullptr);
        return out;
    }

    const source_model& source_;
    const ggml_tensor& tensor_;
    const change& how_;
    std::vector<float> old_, new_;
    std::vector<char> bytes_;
};

} // namespace

void widen(const std::filesystem::path& in, const std::filesystem::path& out, const std::string& width,
           const std::string& inner) {
    const auto source = source_model::open(in, "widened");
    const auto read = [](const std::string& text, const char* what) {
        const auto value = read_number(text, what, multiple, widest);
        if (value % multiple != 0)
            throw std::runtime_error(std::string(what) + " is a multiple of " + std::to_string(multiple) + ", not " + text);
        return value;
    };
    const auto to = plan(source, read(width, "WIDTH"), read(inner, "INNER"));
    const auto* meta = source.meta.get();
    const gguf_ptr header(gguf_init_empty());
    gguf_set_kv(header.get(), meta);
    describe(source, to, header.get());

    std::vector<change> changes;
    std::size_t all = 0;
    for (std::int64_t id = 0; id < gguf_get_n_tensors(meta); ++id) {
        ggml_tensor tensor = *ggml_get_tensor(source.tensors.get(), gguf_get_tensor_name(meta, id));
        const auto how = change_of(tensor.name, to);
        const bool fits = how && tensor.ne[0] == how->columns.from && (!how->rows || tensor.ne[1] == how->rows->from);
        if (!fits) source.refuse(std::string("its tensor ") + tensor.name + " is not one of a plain llama model");
        if (ggml_quantize_requires_imatrix(tensor.type))
            source.refuse(std::string(tensor.name) + " has the type " + ggml_type_name(tensor.type) + ", which cannot be written");
        changes.push_back(*how);
        tensor.ne[0] = how->columns.to;
        if (how->rows) tensor.ne[1] = how->rows->to;
        tensor.nb[1] = ggml_row_size(tensor.type, tensor.ne[0]);
        tensor.nb[2] = tensor.nb[3] = tensor.nb[1] * static_cast<std::size_t>(tensor.ne[1]);
        gguf_add_tensor(header.get(), &tensor);
        all += tensor.nb[3];
    }
    write_then_rename(out, [&](const std::string& part) {
        std::ifstream file(source.path, std::ios::binary);
        tensor_file written(part, header.get(), all);
        for (std::int64_t id = 0; id < gguf_get_n_tensors(meta); ++id) {
            const auto* tensor = ggml_get_tensor(source.tensors.get(), gguf_get_tensor_name(meta, id));
            file.seekg(static_cast<std::streamoff>(gguf_get_data_offset(meta) + gguf_get_tensor_offset(meta, id)));
            padded_tensor(source, *tensor, changes[static_cast<std::size_t>(id)]).write(file, written);
        }
        written.close();
    });
}

} // namespace tw::make_model
