// Files that lie about themselves: no header value makes the inspection read out of bounds.
#include <cstring>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <elf.h>

#include "plugin/inspect.hpp"
#include "unit/plugin/plugin_folder.hpp"

namespace {

std::string good() {
    return bytes_of(std::filesystem::path(TW_BINARY_DIR) / "tests/plugins/good.so");
}

template <class Change>
std::string with_section(std::string bytes, std::size_t index, Change&& change) {
    Elf64_Ehdr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    Elf64_Shdr section{};
    auto* at = bytes.data() + header.e_shoff + index * sizeof section;
    std::memcpy(&section, at, sizeof section);
    change(section);
    std::memcpy(at, &section, sizeof section);
    return bytes;
}

} // namespace

TEST_CASE("sections of any size and place are refused or read in bounds") {
    const plugin_folder folder;
    const auto bytes = good();
    Elf64_Ehdr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    const std::uint64_t sizes[] = {
        0, 1, 23, 25, bytes.size(), std::uint64_t{1} << 31U, UINT64_MAX - 1, UINT64_MAX};
    for (std::size_t i = 0; i < header.e_shnum; ++i)
        for (const auto value : sizes) {
            static_cast<void>(tw::inspect(
                folder.write("a.so", with_section(bytes, i, [&](auto& s) { s.sh_size = value; }))));
            static_cast<void>(tw::inspect(folder.write(
                "a.so", with_section(bytes, i, [&](auto& s) { s.sh_offset = value; }))));
            static_cast<void>(tw::inspect(folder.write("a.so", with_section(bytes, i, [&](auto& s) {
                                                           s.sh_name =
                                                               static_cast<Elf64_Word>(value);
                                                       }))));
        }
    SUCCEED("no crash");
}

TEST_CASE("a section table of 2^64-1 bytes is refused in words") {
    const plugin_folder folder;
    const auto bytes = good();
    Elf64_Ehdr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    const auto file = folder.write(
        "good.so", with_section(bytes, header.e_shstrndx, [](auto& s) { s.sh_size = UINT64_MAX; }));
    CHECK(tw::inspect(file) == "good.so is not a plugin: its tables reach past its end at byte " +
                                   std::to_string(bytes.size()) +
                                   ", so the file is truncated or damaged.");
}

TEST_CASE("every truncation is refused or read in bounds") {
    const plugin_folder folder;
    const auto bytes = good();
    for (std::size_t size = 0; size < bytes.size(); size += size < 128 ? 1 : 97)
        CHECK(tw::inspect(folder.write("good.so", std::string_view(bytes).substr(0, size)))
                  .has_value());
}

TEST_CASE("random damage to the tables is refused or read in bounds") {
    const plugin_folder folder;
    const auto bytes = good();
    Elf64_Ehdr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    std::mt19937 random(7);
    for (int round = 0; round < 400; ++round) {
        auto damaged = bytes;
        for (int hit = 0; hit < 6; ++hit) {
            const std::size_t at =
                round % 2 == 0 ? random() % sizeof header
                               : header.e_shoff + random() % (header.e_shnum * sizeof(Elf64_Shdr));
            damaged[at] = static_cast<char>(random());
        }
        static_cast<void>(tw::inspect(folder.write("good.so", damaged)));
    }
    SUCCEED("no crash");
}
