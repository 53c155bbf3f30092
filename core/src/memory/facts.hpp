// What decides whether a model's file can stay in this machine's memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tw::memory {

struct swap_area {
    std::string name; // "/swapfile", "/dev/zram0"
    std::uint64_t bytes = 0, used_bytes = 0;
    bool in_memory = false;         // zram: what is swapped out stays in memory, compressed
    std::optional<bool> rotating{}; // none = not known
};

struct facts {
    std::uint64_t total_bytes = 0, available_bytes = 0; // MemTotal, MemAvailable; 0 = not known
    std::optional<int> swappiness{};
    std::vector<swap_area> swaps{};
    // Of the control groups this process is in, the tightest: what it may have in all, and what is left of that with
    // the pages of files counted as free. None = no limit below the machine's memory.
    std::optional<std::uint64_t> limit_bytes{}, limit_room_bytes{};

    [[nodiscard]] std::uint64_t room_bytes() const;      // what a file may still take
    [[nodiscard]] std::uint64_t disk_swap_bytes() const; // zram left out: quantised weights hardly compress
    [[nodiscard]] std::uint64_t free_disk_swap_bytes() const;
};

// From /proc and /sys below `root`, which is "/" but for tests.
[[nodiscard]] facts look_at_memory(const std::filesystem::path& root = "/");

} // namespace tw::memory
