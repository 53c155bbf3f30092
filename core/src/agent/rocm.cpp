// One node of the kernel's topology a processor or a device.
#include "agent/rocm.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace tw::agent {
namespace {

namespace fs = std::filesystem;

// A processor has none of the units that a device computes with.
bool is_device(const fs::path& properties) {
    std::ifstream in(properties);
    std::string name;
    std::uint64_t value = 0;
    while (in >> name >> value)
        if (name == "simd_count") return value > 0;
    return false;
}

} // namespace

std::size_t rocm_devices(const fs::path& nodes) {
    std::size_t out = 0;
    std::error_code none;
    for (fs::directory_iterator each(nodes, none), end; !none && each != end; each.increment(none))
        out += is_device(each->path() / "properties") ? 1U : 0U;
    return out;
}

std::vector<std::string> rocm_presets(std::size_t devices) {
    std::vector<std::string> out;
    if (devices < 2) return out;
    for (const auto& [name, value] : {std::pair("HSA_ENABLE_SDMA", "0"), std::pair("GPU_MAX_HW_QUEUES", "1")})
        if (std::getenv(name) == nullptr) out.push_back(std::string(name) + '=' + value);
    return out;
}

} // namespace tw::agent
