// ROCm's devices of this machine, and what a process that computes on several of them should be told.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace tw::agent {

// Devices that ROCm can compute on, as the kernel lists them; 0 where its driver (KFD) is not there.
[[nodiscard]] std::size_t rocm_devices(const std::filesystem::path& nodes = "/sys/class/kfd/kfd/topology/nodes");

// Variables, "NAME=value", without which copies between several such devices are known to hang in the driver; none for
// fewer than two devices, and none that this process's own environment says already.
[[nodiscard]] std::vector<std::string> rocm_presets(std::size_t devices);

} // namespace tw::agent
