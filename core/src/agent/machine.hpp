// What this machine is and how busy it is.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tw::agent {

struct machine_health {
    std::array<double, 3> load{}; // running processes, averaged over 1, 5 and 15 minutes
    unsigned processors = 0;
    std::uint64_t memory_bytes = 0, memory_available_bytes = 0; // 0 = not known
    std::uint64_t disk_bytes = 0, disk_free_bytes = 0;          // of the file system that holds `folder`
};

[[nodiscard]] machine_health look_at_machine(const std::filesystem::path& folder);

struct gpu {
    std::string vendor; // "NVIDIA", "AMD", "Intel"
    std::string name;
    std::uint64_t memory_bytes = 0, memory_used_bytes = 0; // 0 = not known
};

struct gpu_list {
    std::vector<gpu> gpus;
    std::string note{}; // why a card may be missing or without figures; empty = nothing went wrong
};

// NVIDIA's cards by its own nvidia-smi (an empty path = not installed), which gets 5 s; all others from
// `drm`, usually /sys/class/drm.
[[nodiscard]] gpu_list find_gpus(const std::filesystem::path& nvidia_smi, const std::filesystem::path& drm);

// The lines of `nvidia-smi --query-gpu=name,memory.total,memory.used --format=csv,noheader,nounits`.
[[nodiscard]] std::vector<gpu> parse_nvidia(std::string_view lines);

} // namespace tw::agent
