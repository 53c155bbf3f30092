// A stopwatch around reads, writes and products of matrices.
#include "pooled/worker_meter.hpp"

#include <algorithm>
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
constexpr std::uint64_t most_matrices = 512, least_columns = 256;
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

// Matrices that lie one behind the other, all times the same inputs into the same place.
struct bench {
    rpc_matrix weights, inputs, out;
    std::uint64_t count = 0;

    explicit bench(const sample_weights& sample) {
        const auto blocks = (std::max(sample.columns, least_columns) + sample.type.block - 1) / sample.type.block;
        const auto columns = static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks, 1U << 16U) * sample.type.block);
        const auto row_bytes = std::uint64_t{columns} / sample.type.block * sample.type.bytes;
        const auto all_rows = std::max<std::uint64_t>(1, std::clamp(sample.bytes, least_bytes, most_bytes) / row_bytes);
        count = std::clamp<std::uint64_t>(sample.matrices, 1, std::min(most_matrices, all_rows));
        const auto rows = static_cast<std::uint32_t>(all_rows / count);
        weights = {sample.type.id, columns, rows, sample.type.bytes, row_bytes, 0};
        inputs = {0, columns, 1, 4, std::uint64_t{columns} * 4, aligned(bytes())};
        out = {0, rows, 1, 4, std::uint64_t{rows} * 4, inputs.offset + aligned(inputs.row_bytes * most_rows)};
    }
    [[nodiscard]] std::uint64_t bytes() const { return count * step(); }
    [[nodiscard]] std::uint64_t buffer_bytes() const {
        return std::max(least_bytes, out.offset + out.row_bytes * most_rows + padding);
    }
    [[nodiscard]] std::vector<rpc_product> products(std::uint32_t rows) const {
        std::vector<rpc_product> all(count, {weights, inputs, out});
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].weights.offset = i * step();
            all[i].inputs.rows = all[i].out.rows = rows;
        }
        return all;
    }

  private:
    [[nodiscard]] std::uint64_t step() const { return aligned(weights.row_bytes * weights.rows); }
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

result<plan::compute_speed> measure_compute(rpc_client& worker, const rpc_buffer& buffer, const bench& work,
                                            double round_trip_s) {
    plan::compute_speed out;
    for (std::uint32_t rows = 1; rows <= most_rows; rows *= 2) {
        if (auto sent = worker.compute(0, buffer, work.products(rows)); !sent) return sent.error();
        if (auto done = worker.read(buffer, 1); !done) return done.error(); // the first time warms up
        const auto pass = pass_s(worker, buffer, round_trip_s);
        if (!pass) return pass.error();
        out.seconds_per_byte[rows] = *pass / static_cast<double>(work.bytes());
    }
    return out;
}

} // namespace

result<worker_figures> measure(rpc_client& worker, const sample_weights& sample) {
    worker_figures out;
    const auto devices = worker.device_count();
    if (!devices) return devices.error();
    for (std::uint32_t i = 0; i < std::min(*devices, 64U); ++i) {
        const auto memory = worker.memory_of(i);
        if (!memory) return memory.error();
        out.free_bytes += memory->free_bytes;
        out.total_bytes += memory->total_bytes;
    }
    const bench work(sample);
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
