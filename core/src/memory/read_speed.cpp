// Sums over a large array.
#include "memory/read_speed.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <new>
#include <thread>
#include <vector>

namespace tw::memory {
namespace {

constexpr std::size_t numbers = (64U << 20U) / sizeof(std::uint64_t); // a thread
constexpr int goes = 4;

// Lanes of their own, so that no addition waits for another.
std::uint64_t sum(const std::vector<std::uint64_t>& all) {
    std::array<std::uint64_t, 16> lanes{};
    for (std::size_t i = 0; i < all.size(); i += lanes.size())
        for (std::size_t k = 0; k < lanes.size(); ++k) lanes[k] += all[i + k];
    std::uint64_t out = 0;
    for (const auto one : lanes) out += one;
    return out;
}

} // namespace

double read_speed(unsigned threads) {
    using clock = std::chrono::steady_clock;
    std::vector<std::vector<std::uint64_t>> arrays(std::max(1U, threads));
    try {
        for (auto& one : arrays) one.assign(numbers, 1); // written, so that the pages are there
    } catch (const std::bad_alloc&) {
        return 0;
    }
    std::array<clock::time_point, goes + 1> turns;
    std::size_t turn = 0;
    std::barrier together(static_cast<std::ptrdiff_t>(arrays.size()), [&]() noexcept { turns[turn++] = clock::now(); });
    std::atomic<std::uint64_t> total = 0; // so that the sums are really made
    std::vector<std::thread> workers;
    for (const auto& one : arrays)
        workers.emplace_back([&] {
            together.arrive_and_wait();
            for (int i = 0; i < goes; ++i) {
                total += sum(one);
                together.arrive_and_wait();
            }
        });
    for (auto& one : workers) one.join();
    auto best = clock::duration::max();
    for (std::size_t i = 0; i < goes; ++i) best = std::min(best, turns[i + 1] - turns[i]);
    const auto bytes = static_cast<double>(arrays.size() * numbers * sizeof(std::uint64_t));
    return total == 0 ? 0 : bytes / std::chrono::duration<double>(best).count();
}

} // namespace tw::memory
