// /proc, statvfs, nvidia-smi and /sys/class/drm.
#include "agent/machine.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "agent/spawn.hpp"
#include "base/text.hpp"

namespace tw::agent {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return to_valid_utf8(line.substr(0, 256));
}

std::uint64_t number(std::string_view text, int base = 10) {
    std::uint64_t value = 0;
    while (text.starts_with(' ')) text.remove_prefix(1);
    if (base == 16 && text.starts_with("0x")) text.remove_prefix(2);
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

// Cards that have a driver of the kernel's; connectors such as card0-DP-1 are no cards.
void add_from_drm(const fs::path& drm, bool with_nvidia, std::vector<gpu>& out) {
    std::vector<fs::path> cards;
    std::error_code failed;
    for (auto one = fs::directory_iterator(drm, failed); !failed && one != fs::directory_iterator(); one.increment(failed)) {
        const auto name = one->path().filename().string();
        if (name.starts_with("card") && name.find('-') == std::string::npos) cards.push_back(one->path());
    }
    std::ranges::sort(cards);
    for (const auto& card : cards) {
        const auto device = card / "device";
        gpu found;
        switch (number(first_line(device / "vendor"), 16)) {
        case 0x1002: found.vendor = "AMD"; break;
        case 0x8086: found.vendor = "Intel"; break;
        case 0x10de:
            if (!with_nvidia) continue;
            found.vendor = "NVIDIA";
            break;
        default: continue; // a virtual machine's screen
        }
        found.name = first_line(device / "product_name");
        if (found.name.empty()) found.name = found.vendor + " GPU " + first_line(device / "device");
        found.memory_bytes = number(first_line(device / "mem_info_vram_total"));
        found.memory_used_bytes = number(first_line(device / "mem_info_vram_used"));
        out.push_back(std::move(found));
    }
}

} // namespace

machine_health look_at_machine(const fs::path& folder) {
    machine_health out;
    ::getloadavg(out.load.data(), static_cast<int>(out.load.size()));
    out.processors = std::max(1U, std::thread::hardware_concurrency());
    std::ifstream memory("/proc/meminfo");
    for (std::string line; std::getline(memory, line);) { // proc(5): in units of 1024 bytes
        if (line.starts_with("MemTotal:")) out.memory_bytes = number(std::string_view(line).substr(9)) * 1024;
        if (line.starts_with("MemAvailable:")) out.memory_available_bytes = number(std::string_view(line).substr(13)) * 1024;
    }
    std::error_code failed;
    if (const auto space = fs::space(folder, failed); !failed) {
        out.disk_bytes = space.capacity;
        out.disk_free_bytes = space.available;
    }
    return out;
}

std::vector<gpu> parse_nvidia(std::string_view lines) {
    constexpr std::uint64_t mib = 1U << 20U;
    std::vector<gpu> out;
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size());
        const auto line = lines.substr(0, end);
        lines.remove_prefix(std::min(end + 1, lines.size()));
        const auto last = line.rfind(", ");
        const auto first = last == std::string_view::npos ? last : line.rfind(", ", last - 1);
        if (first == std::string_view::npos || first == 0) continue;
        out.push_back({"NVIDIA", to_valid_utf8(line.substr(0, first)),
                       number(line.substr(first + 2, last - first - 2)) * mib, number(line.substr(last + 2)) * mib});
    }
    return out;
}

gpu_list find_gpus(const fs::path& nvidia_smi, const fs::path& drm) {
    gpu_list out;
    if (!nvidia_smi.empty()) {
        const auto asked = run_program(
            nvidia_smi, {"--query-gpu=name,memory.total,memory.used", "--format=csv,noheader,nounits"},
            std::chrono::seconds{5});
        if (!asked) out.note = asked.error().message;
        else if (asked->exit_code != 0)
            out.note = "The program " + nvidia_smi.string() + " ended with code " + std::to_string(asked->exit_code) + ".";
        else out.gpus = parse_nvidia(asked->output);
    }
    add_from_drm(drm, out.gpus.empty(), out.gpus);
    return out;
}

} // namespace tw::agent
