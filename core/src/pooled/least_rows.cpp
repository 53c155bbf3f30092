// The probe of the exactness classes in small, before a model is loaded.
#include "pooled/least_rows.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

namespace tw::pooled {
namespace {

constexpr std::uint32_t most_rows = made_up_model::most_rows;
constexpr std::uint64_t most_bytes = 1U << 20U, most_outputs = 256;

// Bytes that are small finite numbers in every type of GGUF, as weights and as their scales, in half precision too.
std::string made_up_weights(std::uint64_t bytes) {
    std::minstd_rand chance(1);
    std::string out(bytes, '\0');
    for (auto& one : out) one = static_cast<char>(0x30 + chance() % 12);
    return out;
}

std::string made_up_numbers(std::uint64_t count) {
    std::minstd_rand chance(2);
    std::string out(count * sizeof(float), '\0');
    for (std::uint64_t i = 0; i < count; ++i) {
        const float one = static_cast<float>(chance() % 20001) / 10000 - 1;
        std::memcpy(out.data() + i * sizeof one, &one, sizeof one);
    }
    return out;
}

} // namespace

result<std::uint32_t> least_rows(rpc_client& worker, const sample_layers& sample) {
    const auto& f32 = *plan::find_gguf_type(0);
    const auto columns = std::min(columns_of(sample), 1U << 16U); // whole blocks of any type
    rpc_tensor weights{sample.type, {columns, 1, 1, 1}, 0};
    weights.sizes[1] = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(most_bytes / weights.row_bytes() / 16 * 16, 16, most_outputs));
    rpc_tensor in{f32, {columns, most_rows, 1, 1}, aligned(weights.bytes())};
    rpc_tensor out{f32, {weights.sizes[1], most_rows, 1, 1}, in.offset + in.bytes()};
    const auto buffer = worker.allocate(0, out.offset + out.bytes() + read_beyond);
    if (!buffer) return buffer.error();
    const auto sent = worker.write(*buffer, made_up_weights(weights.bytes()));
    if (!sent) return sent.error();
    const auto asked = worker.write(*buffer, made_up_numbers(std::uint64_t{columns} * most_rows), in.offset);
    if (!asked) return asked.error();

    std::uint32_t least = most_rows;
    std::string larger; // what the pass before computed
    for (auto rows = most_rows; rows >= 1; rows /= 2) {
        in.sizes[1] = out.sizes[1] = rows;
        if (auto begun = worker.compute(0, *buffer, {{rpc_op::mul_mat, out, {weights, in}}}); !begun) return begun.error();
        auto made = worker.read(*buffer, out.bytes(), out.offset);
        if (!made) return made.error();
        if (rows < most_rows && !larger.starts_with(*made)) break;
        least = rows;
        larger = std::move(*made);
    }
    if (auto gone = worker.release(*buffer); !gone) return gone.error();
    return least == most_rows ? 1 : least;
}

} // namespace tw::pooled
