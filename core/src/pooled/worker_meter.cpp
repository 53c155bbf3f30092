// A stopwatch around reads, writes and the layers of a made-up model.
#include "pooled/worker_meter.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/median.hpp"
#include "pooled/least_rows.hpp"
#include "pooled/made_up_model.hpp"

namespace tw::pooled {
namespace {

using act = std::function<result<void>()>;

constexpr std::size_t link_bytes = 64U << 10U, more_link_bytes = 1U << 20U;
constexpr std::size_t fewest_passes = 3, most_passes = 9;
constexpr auto long_enough = std::chrono::milliseconds{300};
constexpr auto rest = std::chrono::milliseconds{10}; // between two passes

result<double> time_of(const act& what) {
    const auto began = std::chrono::steady_clock::now();
    if (auto done = what(); !done) return done.error();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// The middle one of `count` times, after one that does not count: a connection speeds up.
result<double> usual_time(int count, const act& what) {
    std::vector<double> times;
    for (int i = 0; i <= count; ++i) {
        const auto took = time_of(what);
        if (!took) return took;
        if (i > 0) times.push_back(*took);
    }
    return median(times);
}

result<void> fetched(rpc_client& worker, const rpc_buffer& buffer, std::uint64_t bytes) {
    const auto got = worker.read(buffer, bytes);
    return got ? result<void>() : got.error();
}

result<plan::link_speed> measure_link(rpc_client& worker, const rpc_buffer& buffer) {
    const act nudge = [&] { return fetched(worker, buffer, 1); };
    const auto there_and_back = usual_time(9, nudge);
    if (!there_and_back) return there_and_back.error();
    plan::link_speed out{*there_and_back, 0, 0};
    const auto rate = [&](std::uint64_t bytes, const act& what) -> result<double> {
        const auto took = usual_time(3, what);
        if (!took) return took;
        return static_cast<double>(bytes) / std::max(*took - out.round_trip_s, 1e-6);
    };
    std::string some(link_bytes, '\0');
    const act fetch = [&] { return fetched(worker, buffer, some.size()); };
    const act bring = [&] {
        auto sent = worker.write(buffer, some);
        return sent ? nudge() : sent;
    };
    auto down = rate(some.size(), fetch);
    if (down && static_cast<double>(some.size()) / *down < 0.01) { // too short to be told from the round trip
        some.resize(more_link_bytes);
        down = rate(some.size(), fetch);
    }
    if (!down) return down.error();
    const auto up = rate(some.size(), bring);
    if (!up) return up.error();
    out.down_bytes_s = *down;
    out.up_bytes_s = *up;
    return out;
}

// A machine of a pool computes its part and waits for the others: passes one behind the other would find caches warm and
// processors awake, and look up to twice as fast as they are.
result<double> pass_s(rpc_client& worker, const rpc_buffer& buffer, double round_trip_s) {
    const act pass = [&]() -> result<void> {
        auto sent = worker.compute_again(0);
        return sent ? fetched(worker, buffer, 1) : sent;
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
    return std::max(median(times) - round_trip_s, 1e-7);
}

result<plan::compute_speed> measure_compute(rpc_client& worker, const rpc_buffer& buffer, const made_up_model& work,
                                            double round_trip_s) {
    plan::compute_speed out;
    for (std::uint32_t rows = 1; rows <= made_up_model::most_rows; rows *= 2) {
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
    const auto least = least_rows(worker, sample);
    if (!least) return least.error();
    out.least_rows = *least;
    return out;
}

} // namespace tw::pooled
