// A stopwatch around reads, writes and the layers of a made-up model.
#include "pooled/worker_meter.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace tw::pooled {
namespace {

using act = std::function<result<void>()>;

constexpr std::uint64_t most_bytes = 256U << 20U, least_bytes = 1U << 20U;
constexpr std::uint64_t padding = 64U << 10U; // kernels of some devices read beyond a row
constexpr std::uint64_t matrices_of_a_layer = 7; // of attention four, of the feed-forward part three
constexpr std::uint64_t most_layers = 512, least_columns = 256;
constexpr std::uint32_t most_rows = 16;
constexpr std::size_t fewest_passes = 3, most_passes = 9;
constexpr auto long_enough = std::chrono::milliseconds{300};
constexpr auto rest = std::chrono::milliseconds{10}; // between two passes
constexpr std::uint64_t alignment = 256;

std::uint64_t aligned(std::uint64_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

result<double> time_of(const act& what) {
    const auto began = std::chrono::steady_clock::now();
    if (auto done = what(); !done) return done.error();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

double middle(std::vector<double>& times) {
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, at);
    return *at;
}

// The middle one of `count` times, after one that does not count: a connection speeds up.
result<double> usual_time(int count, const act& what) {
    std::vector<double> times;
    for (int i = 0; i <= count; ++i) {
        const auto took = time_of(what);
        if (!took) return took;
        if (i > 0) times.push_back(*took);
    }
    return middle(times);
}

result<plan::link_speed> measure_link(rpc_client& worker, const rpc_buffer& buffer) {
    const act nudge = [&] { return worker.read(buffer, 1); };
    const auto there_and_back = usual_time(9, nudge);
    if (!there_and_back) return there_and_back.error();
    plan::link_speed out{*there_and_back, 0, 0};
    const auto rate = [&](std::uint64_t bytes, const act& what) -> result<double> {
        const auto took = usual_time(3, what);
        if (!took) return took;
        return static_cast<double>(bytes) / std::max(*took - out.round_trip_s, 1e-6);
    };
    std::string some(64U << 10U, '\0');
    const act fetch = [&] { return worker.read(buffer, some.size()); };
    const act bring = [&] {
        auto sent = worker.write(buffer, some);
        return sent ? nudge() : sent;
    };
    auto down = rate(some.size(), fetch);
    if (down && static_cast<double>(some.size()) / *down < 0.01) { // too short to be told from the round trip
        some.resize(least_bytes);
        down = rate(some.size(), fetch);
    }
    if (!down) return down.error();
    const auto up = rate(some.size(), bring);
    if (!up) return up.error();
    out.down_bytes_s = *down;
    out.up_bytes_s = *up;
    return out;
}

const plan::gguf_type& f32 = *plan::find_gguf_type(0);
const plan::gguf_type& f16 = *plan::find_gguf_type(1);
const plan::gguf_type& i32 = *plan::find_gguf_type(26);

// Layers of a model of zeros, one behind the other in one buffer. Each has matrices and a cache of its own, as much of a pass is
// reading them; all write what they compute into one place, which nobody reads.
class made_up_model {
  public:
    explicit made_up_model(const sample_layers& sample) : attention_(sample.attention) {
        const auto blocks = (std::max(sample.columns, least_columns) + sample.type.block - 1) / sample.type.block;
        columns_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks, 1U << 16U) * sample.type.block);
        weights_.type = sample.type;
        weights_.sizes[0] = columns_;
        const auto all_rows = std::max<std::uint64_t>(1, std::clamp(sample.bytes, least_bytes, most_bytes) / weights_.row_bytes());
        layers_ = std::clamp<std::uint64_t>(sample.layers, 1, std::min(most_layers, std::max<std::uint64_t>(1, all_rows / matrices_of_a_layer)));
        weights_.sizes[1] = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, all_rows / (layers_ * matrices_of_a_layer)));
        if (attention_) {
            const auto cached = 2 * std::uint64_t{attention_->cached_heads} * attention_->head_width * f16.bytes * layers_;
            tokens_ = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(sample.tokens, 32, std::max<std::uint64_t>(32, most_bytes / cached)));
        }
        place_all();
    }
    [[nodiscard]] std::uint64_t weight_bytes() const { return layers_ * matrices_of_a_layer * aligned(weights_.bytes()); }
    [[nodiscard]] std::uint64_t buffer_bytes() const { return std::max(least_bytes, end_ + padding); }

    // A pass of so many rows, `most_rows` at most.
    [[nodiscard]] std::vector<rpc_node> pass(std::uint32_t rows) const {
        std::vector<rpc_node> out;
        for (std::uint64_t layer = 0; layer < layers_; ++layer) {
            for (std::uint64_t i = 0; i < matrices_of_a_layer; ++i) add_product(out, layer * matrices_of_a_layer + i, rows);
            if (attention_) add_rest(out, layer, rows);
        }
        return out;
    }

  private:
    static std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }
    [[nodiscard]] std::uint64_t cache_bytes() const { // of the keys of a layer, or of its values
        return aligned(std::uint64_t{tokens_} * attention_->cached_heads * attention_->head_width * f16.bytes);
    }
    void place_all() {
        inputs_at_ = weight_bytes();
        out_at_ = inputs_at_;
        const auto floats = [](std::uint64_t count) { return aligned(count * f32.bytes * most_rows); };
        std::uint64_t widest = std::max<std::uint64_t>(columns_, weights_.sizes[1]);
        if (attention_) {
            const auto& of = *attention_;
            widest = std::max({widest, std::uint64_t{of.heads} * std::max(tokens_, of.head_width), std::uint64_t{of.feed_forward},
                               std::uint64_t{tokens_}});
            caches_at_ = out_at_ + floats(widest);
            out_at_ = caches_at_ + 2 * layers_ * cache_bytes();
        } else {
            out_at_ += floats(widest);
        }
        end_ = out_at_ + floats(widest);
    }
    [[nodiscard]] rpc_tensor inputs(std::array<std::uint32_t, 4> sizes, const plan::gguf_type& type = f32) const {
        return {type, sizes, inputs_at_};
    }
    [[nodiscard]] rpc_tensor made(std::array<std::uint32_t, 4> sizes) const { return {f32, sizes, out_at_}; }

    void add_product(std::vector<rpc_node>& out, std::uint64_t number, std::uint32_t rows) const {
        auto weights = weights_;
        weights.offset = number * aligned(weights_.bytes());
        out.push_back({rpc_op::mul_mat, made({weights.sizes[1], rows, 1, 1}), {weights, inputs({columns_, rows, 1, 1})}});
    }
    // What a layer of a transformer does besides: two norms, the rotation of queries and keys, attention, the gate, two sums.
    void add_rest(std::vector<rpc_node>& out, std::uint64_t layer, std::uint32_t rows) const {
        const auto& [heads, cached, width, inner] = *attention_;
        const auto row = [&](std::uint32_t size) { return std::array<std::uint32_t, 4>{size, rows, 1, 1}; };
        for (int half = 0; half < 2; ++half) {
            out.push_back({rpc_op::rms_norm, made(row(columns_)), {inputs(row(columns_))}, {bits(1e-5F)}});
            out.push_back({rpc_op::multiply, made(row(columns_)), {inputs(row(columns_)), inputs({columns_, 1, 1, 1})}});
            out.push_back({rpc_op::add, made(row(columns_)), {inputs(row(columns_)), inputs(row(columns_))}});
        }
        const std::array<std::uint32_t, 16> rotation{0, width, 0, 0, 4096, bits(10000.F), bits(1.F), 0, bits(1.F), bits(32.F), bits(1.F)};
        for (const auto count : {heads, cached}) {
            const std::array<std::uint32_t, 4> sizes{width, count, rows, 1};
            out.push_back({rpc_op::rope, made(sizes), {inputs(sizes), inputs({rows, 1, 1, 1}, i32)}, rotation});
        }
        const auto cache_at = caches_at_ + 2 * layer * cache_bytes();
        const rpc_tensor keys{f16, {width, tokens_, cached, 1}, cache_at}, values{f16, {tokens_, width, cached, 1}, cache_at + cache_bytes()};
        const std::array<std::uint32_t, 4> scores{tokens_, rows, heads, 1};
        out.push_back({rpc_op::mul_mat, made(scores), {keys, inputs({width, rows, heads, 1})}});
        out.push_back({rpc_op::soft_max, made(scores), {inputs(scores), inputs(row(tokens_))}, {bits(1.F)}});
        out.push_back({rpc_op::mul_mat, made({width, rows, heads, 1}), {values, inputs(scores)}});
        constexpr std::uint32_t swiglu = 2;
        if (inner > 0) out.push_back({rpc_op::glu, made(row(inner)), {inputs(row(inner)), inputs(row(inner))}, {swiglu}});
    }

    std::optional<plan::attention_shape> attention_;
    rpc_tensor weights_; // of one matrix
    std::uint32_t columns_ = 0, tokens_ = 0;
    std::uint64_t layers_ = 0, inputs_at_ = 0, caches_at_ = 0, out_at_ = 0, end_ = 0;
};

// A machine of a pool computes its part and waits for the others: passes one behind the other would find caches warm and
// processors awake, and look up to twice as fast as they are.
result<double> pass_s(rpc_client& worker, const rpc_buffer& buffer, double round_trip_s) {
    const act pass = [&]() -> result<void> {
        auto sent = worker.compute_again(0);
        return sent ? worker.read(buffer, 1) : sent;
    };
    const auto began = std::chrono::steady_clock::now();
    const auto enough = [&] { return std::chrono::steady_clock::now() - began > long_enough; };
    std::vector<double> times;
    while (times.size() < fewest_passes || (times.size() < most_passes && !enough())) {
        std::this_thread::sleep_for(rest);
        const auto took = time_of(pass);
        if (!took) return took;
        times.push_back(*took);
    }
    return std::max(middle(times) - round_trip_s, 1e-7);
}

result<plan::compute_speed> measure_compute(rpc_client& worker, const rpc_buffer& buffer, const made_up_model& work,
                                            double round_trip_s) {
    plan::compute_speed out;
    for (std::uint32_t rows = 1; rows <= most_rows; rows *= 2) {
        if (auto sent = worker.compute(0, buffer, work.pass(rows)); !sent) return sent.error();
        if (auto done = worker.read(buffer, 1); !done) return done.error(); // the first time warms up
        const auto pass = pass_s(worker, buffer, round_trip_s);
        if (!pass) return pass.error();
        out.seconds_per_byte[rows] = *pass / static_cast<double>(work.weight_bytes());
    }
    return out;
}

} // namespace

result<worker_figures> measure(rpc_client& worker, const sample_layers& sample) {
    worker_figures out;
    const auto devices = worker.device_count();
    if (!devices) return devices.error();
    for (std::uint32_t i = 0; i < std::min(*devices, 64U); ++i) {
        const auto memory = worker.memory_of(i);
        if (!memory) return memory.error();
        out.free_bytes += memory->free_bytes;
        out.total_bytes += memory->total_bytes;
    }
    const made_up_model work(sample);
    const auto buffer = worker.allocate(0, work.buffer_bytes());
    if (!buffer) return buffer.error();
    auto link = measure_link(worker, *buffer);
    if (!link) return link.error();
    auto compute = measure_compute(worker, *buffer, work, link->round_trip_s);
    if (!compute) return compute.error();
    out.link = *link;
    out.compute = std::move(*compute);
    if (auto gone = worker.release(*buffer); !gone) return gone.error();
    return out;
}

} // namespace tw::pooled
