// What a process that computes on several ROCm devices gets beside its environment.
#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstdlib>

#include <sys/wait.h>
#include <unistd.h>

#include "agent/rocm.hpp"
#include "agent/spawn.hpp"
#include "support/scratch_folder.hpp"

using namespace tw::agent;

namespace {

// What a child finds in its environment that is given the presets for so many devices.
std::string seen_by_child(std::size_t devices) {
    const auto child = spawn("/bin/sh", {"-c", "echo sdma=$HSA_ENABLE_SDMA queues=$GPU_MAX_HW_QUEUES"}, rocm_presets(devices));
    if (!child) return child.error().message;
    ::waitpid(child->pid, nullptr, 0);
    std::array<char, 256> bytes{};
    const auto got = ::read(child->output, bytes.data(), bytes.size());
    ::close(child->output);
    return {bytes.data(), static_cast<std::size_t>(got > 0 ? got : 0)};
}

} // namespace

TEST_CASE("a process for several ROCm devices is told what keeps copies between them from hanging") {
    for (const auto* name : {"HSA_ENABLE_SDMA", "GPU_MAX_HW_QUEUES"}) ::unsetenv(name);
    CHECK(seen_by_child(2) == "sdma=0 queues=1\n");
    CHECK(seen_by_child(1) == "sdma= queues=\n");
    CHECK(seen_by_child(0) == "sdma= queues=\n");

    ::setenv("HSA_ENABLE_SDMA", "1", 1);
    CHECK(seen_by_child(2) == "sdma=1 queues=1\n"); // whoever says it himself is believed
    ::unsetenv("HSA_ENABLE_SDMA");
}

TEST_CASE("ROCm's devices are the kernel's nodes that can compute") {
    const tw::test::scratch_folder here;
    CHECK(rocm_devices(here.path() / "nodes") == 0);
    for (const auto* node : {"0", "1", "2", "3"}) std::filesystem::create_directories(here.path() / "nodes" / node);
    here.write("nodes/0/properties", "cpu_cores_count 16\nsimd_count 0\nmem_banks_count 1\n");
    here.write("nodes/1/properties", "cpu_cores_count 0\nsimd_count 192\nmax_waves_per_simd 16\n");
    here.write("nodes/2/properties", "cpu_cores_count 0\nsimd_count 192\n");
    here.write("nodes/3/properties", ""); // of a device that a container may not use
    CHECK(rocm_devices(here.path() / "nodes") == 2);
}
