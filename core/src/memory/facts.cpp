// /proc/meminfo, /proc/swaps, vm.swappiness, control groups of both versions, /sys.
#include "memory/facts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace tw::memory {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> number(std::string_view text) {
    while (text.starts_with(' ') || text.starts_with('\t'))
        text.remove_prefix(1);
    std::uint64_t out = 0;
    const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc{} && rest != text.data() ? std::optional(out) : std::nullopt;
}

std::optional<std::uint64_t> number_in(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return number(line); // "max" is none
}

// The sum of lines such as "inactive_file 4096".
std::uint64_t sum_of(const fs::path& file, const std::array<std::string_view, 2>& keys) {
    std::uint64_t out = 0;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        const auto space = std::min(line.find(' '), line.size());
        if (std::ranges::find(keys, std::string_view(line).substr(0, space)) != keys.end())
            out += number(std::string_view(line).substr(space)).value_or(0);
    }
    return out;
}

void read_meminfo(const fs::path& file, facts& out) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) { // proc(5): in units of 1024 bytes
        const std::string_view all = line;
        if (all.starts_with("MemTotal:")) out.total_bytes = number(all.substr(9)).value_or(0) * 1024;
        if (all.starts_with("MemAvailable:")) out.available_bytes = number(all.substr(13)).value_or(0) * 1024;
    }
}

// A partition has no queue of its own; its disk has.
std::optional<bool> rotates(const fs::path& device) {
    for (const auto& folder : {device, device / ".."})
        if (const auto flag = number_in(folder / "queue/rotational")) return *flag != 0;
    return std::nullopt;
}

std::optional<bool> rotates(const fs::path& root, const std::string& name, bool is_file) {
    if (!is_file) return rotates(root / "sys/class/block" / fs::path(name).filename());
    struct stat found {};
    if (::stat(name.c_str(), &found) != 0) return std::nullopt;
    return rotates(root / "sys/dev/block" /
                   (std::to_string(major(found.st_dev)) + ":" + std::to_string(minor(found.st_dev))));
}

// proc_swaps(5): "name type size used priority", sizes in units of 1024 bytes.
void read_swaps(const fs::path& root, facts& out) {
    std::ifstream in(root / "proc/swaps");
    std::string line;
    std::getline(in, line); // the heading
    while (std::getline(in, line)) {
        std::istringstream fields(line);
        swap_area one;
        std::string type;
        if (!(fields >> one.name >> type >> one.bytes >> one.used_bytes)) continue;
        one.bytes *= 1024;
        one.used_bytes *= 1024;
        one.in_memory = one.name.starts_with("/dev/zram");
        one.rotating = one.in_memory ? std::optional(false) : rotates(root, one.name, type == "file");
        out.swaps.push_back(std::move(one));
    }
}

struct group_files {
    const char *limit, *usage;
    std::array<std::string_view, 2> cache; // in memory.stat: pages of files
};

// The group's folder and those above it, up to `mount`.
void read_groups(const fs::path& mount, const fs::path& group, const group_files& files, facts& out) {
    const auto path = group.relative_path();
    auto folder = mount;
    auto step = path.begin();
    for (;;) {
        const auto limit = number_in(folder / files.limit);
        const auto used = number_in(folder / files.usage);
        if (limit && used && *limit < out.total_bytes) {
            const auto held = *used - std::min(*used, sum_of(folder / "memory.stat", files.cache));
            const auto room = *limit - std::min(*limit, held);
            out.limit_bytes = std::min(out.limit_bytes.value_or(*limit), *limit);
            out.limit_room_bytes = std::min(out.limit_room_bytes.value_or(room), room);
        }
        if (step == path.end()) return;
        folder /= *step++;
    }
}

// cgroups(7): "0::/path" is of version 2, "N:memory:/path" of version 1.
void read_limits(const fs::path& root, facts& out) {
    std::ifstream in(root / "proc/self/cgroup");
    for (std::string line; std::getline(in, line);) {
        const auto first = line.find(':'), second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const auto controllers = line.substr(first + 1, second - first - 1);
        const auto group = fs::path(line.substr(second + 1));
        if (controllers.empty())
            read_groups(root / "sys/fs/cgroup", group,
                        {"memory.max", "memory.current", {"inactive_file", "active_file"}}, out);
        if (controllers == "memory")
            read_groups(
                root / "sys/fs/cgroup/memory", group,
                {"memory.limit_in_bytes", "memory.usage_in_bytes", {"total_inactive_file", "total_active_file"}}, out);
    }
}

} // namespace

std::uint64_t facts::room_bytes() const {
    return std::min(available_bytes, limit_room_bytes.value_or(available_bytes));
}

std::uint64_t facts::disk_swap_bytes() const {
    std::uint64_t out = 0;
    for (const auto& one : swaps)
        out += one.in_memory ? 0 : one.bytes;
    return out;
}

std::uint64_t facts::free_disk_swap_bytes() const {
    std::uint64_t out = 0;
    for (const auto& one : swaps)
        out += one.in_memory ? 0 : one.bytes - std::min(one.bytes, one.used_bytes);
    return out;
}

facts look_at_memory(const fs::path& root) {
    facts out;
    read_meminfo(root / "proc/meminfo", out);
    if (const auto value = number_in(root / "proc/sys/vm/swappiness"); value && *value <= 200)
        out.swappiness = static_cast<int>(*value);
    read_swaps(root, out);
    read_limits(root, out);
    return out;
}

} // namespace tw::memory
