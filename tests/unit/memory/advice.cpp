// Facts from files as the kernel writes them, and the rules over them.
#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <unistd.h>

#include "memory/advice.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace tw::memory;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t gib = std::uint64_t{1} << 30U;

// A tree of /proc and /sys.
class machine {
  public:
    machine() : root_(fs::temp_directory_path() / ("tightwad-test-facts-" + std::to_string(::getpid()))) {
        fs::remove_all(root_);
        put("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:   12582912 kB\n");
        put("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
        put("proc/sys/vm/swappiness", "60\n");
        put("proc/self/cgroup", "0::/user.slice/one.service\n");
    }
    ~machine() { fs::remove_all(root_); }
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    void put(const std::string& file, const std::string& text) const {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << text;
    }
    [[nodiscard]] facts look() const { return look_at_memory(root_); }

  private:
    fs::path root_;
};

facts plain(std::uint64_t available, std::vector<swap_area> swaps = {}) {
    facts out;
    out.total_bytes = 16 * gib;
    out.available_bytes = available;
    out.swappiness = 60;
    out.swaps = std::move(swaps);
    return out;
}

const advice* about(const std::vector<advice>& all, const std::string& words) {
    for (const auto& one : all)
        if (one.sentence.find(words) != std::string::npos) return &one;
    return nullptr;
}

} // namespace

TEST_CASE("memory, swap areas and their disks are read, and a partition asks its disk") {
    const machine here;
    here.put("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2 partition 4194304 1048576 -2\n"
                           "/dev/zram0 partition 8388608 0 100\n");
    here.put("sys/class/block/sda2/size", "1\n");
    here.put("sys/class/block/queue/rotational", "1\n"); // where sda2/.. leads
    const auto found = here.look();
    CHECK(found.total_bytes == 16 * gib);
    CHECK(found.available_bytes == 12 * gib);
    CHECK(found.swappiness == 60);
    REQUIRE(found.swaps.size() == 2);
    CHECK(found.swaps[0].bytes == 4 * gib);
    CHECK(found.swaps[0].used_bytes == gib);
    CHECK(found.swaps[0].rotating == true);
    CHECK(found.swaps[1].in_memory);
    CHECK(found.disk_swap_bytes() == 4 * gib);
    CHECK(found.free_disk_swap_bytes() == 3 * gib);
    CHECK_FALSE(found.limit_bytes);
    CHECK(found.room_bytes() == 12 * gib);
}

TEST_CASE("the tightest control group counts, pages of files as free, in both versions") {
    const machine here;
    const std::string unified = "sys/fs/cgroup/user.slice/";
    here.put(unified + "memory.max", std::to_string(8 * gib) + "\n");
    here.put(unified + "memory.current", std::to_string(5 * gib) + "\n");
    here.put(unified + "memory.stat", "anon 1\ninactive_file " + std::to_string(2 * gib) + "\nactive_file " +
                                          std::to_string(gib) + "\nfile 9\n");
    here.put(unified + "one.service/memory.max", "max\n");
    here.put(unified + "one.service/memory.current", "1\n");
    CHECK(here.look().limit_bytes == 8 * gib);
    CHECK(here.look().limit_room_bytes == 6 * gib);
    CHECK(here.look().room_bytes() == 6 * gib);

    here.put("proc/self/cgroup", "4:memory:/box\n0::/\n");
    here.put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    here.put("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n");
    here.put("sys/fs/cgroup/memory/box/memory.limit_in_bytes", std::to_string(2 * gib) + "\n");
    here.put("sys/fs/cgroup/memory/box/memory.usage_in_bytes", std::to_string(gib) + "\n");
    here.put("sys/fs/cgroup/memory/box/memory.stat", "total_inactive_file " + std::to_string(gib) + "\n");
    CHECK(here.look().limit_bytes == 2 * gib);
    CHECK(here.look().limit_room_bytes == 2 * gib);
}

TEST_CASE("a machine of which nothing is known is no machine with no memory") {
    const auto nothing = look_at_memory("/nowhere");
    CHECK(nothing.total_bytes == 0);
    CHECK(nothing.swaps.empty());
    CHECK_FALSE(nothing.swappiness);
}

TEST_CASE("a model larger than the free memory wants swap for what is no page of its file") {
    const auto none = advise(plain(12 * gib), 18 * gib);
    REQUIRE(about(none, "none to speak of"));
    CHECK(about(none, "none to speak of")->how == severity::critical);
    CHECK(about(none, "none to speak of")->commands.front() == "sudo fallocate -l 8G /swapfile");
    const auto little = advise(plain(12 * gib, {{"/swapfile", 4 * gib, gib, false, false}}), 18 * gib);
    REQUIRE(about(little, "programs that wait make room"));
    CHECK(about(little, "programs that wait make room")->how == severity::warning);
    CHECK(about(little, "programs that wait make room")->commands.front() == "sudo fallocate -l 5G /swapfile2");
    const auto enough = advise(plain(12 * gib, {{"/swapfile", 16 * gib, 0, false, false}}), 18 * gib);
    REQUIRE(about(enough, "enough swap"));
    CHECK(about(enough, "enough swap")->commands.empty());
    const auto zram = advise(plain(12 * gib, {{"/dev/zram0", 16 * gib, 0, true, false}}), 18 * gib);
    CHECK(about(zram, "none to speak of"));
}

TEST_CASE("a model that fits needs nothing, and one of more than half the room may leave it again") {
    const auto fits = advise(plain(12 * gib), gib);
    REQUIRE(fits.size() == 1);
    CHECK(fits.front().sentence == "Nothing needs to be done.");
    const auto large = advise(plain(12 * gib), 7 * gib);
    REQUIRE(large.size() == 1);
    CHECK(large.front().commands == std::vector<std::string>{"tightwad reclaim MODEL"});
}

TEST_CASE("a control group below the model, a rotating disk and a low swappiness are named") {
    auto boxed = plain(12 * gib);
    boxed.limit_bytes = 4 * gib;
    boxed.limit_room_bytes = 3 * gib;
    const auto found = advise(boxed, 6 * gib);
    REQUIRE(about(found, "control group"));
    CHECK(about(found, "control group")->how == severity::critical);
    CHECK(about(found, "control group")->commands.back() == "sudo systemctl set-property UNIT MemoryMax=8G");
    const auto slow = advise(plain(12 * gib, {{"/dev/sda2", 8 * gib, 0, false, true}}), std::nullopt);
    REQUIRE(about(slow, "rotating"));
    CHECK(about(slow, "rotating")->how == severity::warning);
    auto eager = plain(12 * gib, {{"/swapfile", 8 * gib, 0, false, false}});
    CHECK_FALSE(about(advise(eager, std::nullopt), "swappiness"));
    eager.swappiness = 10;
    REQUIRE(about(advise(eager, std::nullopt), "swappiness is 10"));
    eager.swaps.front().in_memory = true;
    eager.swappiness = 60;
    CHECK_THAT(about(advise(eager, std::nullopt), "swappiness is 60")->commands.front(), ContainsSubstring("133"));
    CHECK_THAT(about(advise(plain(12 * gib), std::nullopt), "no swap on a disk")->commands.front(),
               ContainsSubstring("8G"));
}
