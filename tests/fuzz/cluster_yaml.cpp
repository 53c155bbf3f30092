// Fuzz target: any bytes are a cluster.yaml that becomes a sound configuration, or mistakes, never a crash.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "migrate/import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto made = tw::migrate::import_cluster({reinterpret_cast<const char*>(data), size}, "cluster.yaml");
    if (made.has_error()) {
        for (const auto& mistake : made.error())
            if (to_string(mistake).empty()) __builtin_trap();
        return 0;
    }
    for (const auto& one : made->differences)
        if (one.message.empty() || std::ranges::count(one.key + one.message, '\n') != 0) __builtin_trap();
    const auto read = tw::parse(made->toml, "imported.toml", nullptr);
    // Paths and names are the file's own, and a configuration may not hold a line with so many dots.
    if (read.has_error() && read.error().front().message.find("200 dots") == std::string::npos) __builtin_trap();
    return 0;
}
