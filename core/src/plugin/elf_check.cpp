// Bounds of an ELF file, checked before anything walks its tables.
#include "plugin/elf_check.hpp"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <vector>

#include <elf.h>

namespace tw {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half this_machine = EM_AARCH64;
#else
#error "Tightwad loads plugins on x86-64 and arm64 only."
#endif

// No plugin has a table near this; a hostile file could claim one to exhaust memory.
constexpr std::uint64_t max_table_bytes = std::uint64_t{1} << 30U;

bool inside(std::uint64_t offset, std::uint64_t size, std::uint64_t total) {
    return offset <= total && size <= total - offset;
}

std::string cut_short(std::uint64_t total) {
    return "its tables reach past its end at byte " + std::to_string(total) +
           ", so the file is truncated or damaged";
}

std::optional<std::string> section_fault(const Elf64_Shdr& section, std::uint64_t total) {
    if (section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL) return std::nullopt;
    if (!inside(section.sh_offset, section.sh_size, total)) return cut_short(total);
    const bool symbols = section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM;
    if (symbols && section.sh_size != 0 && section.sh_size < sizeof(Elf64_Sym))
        return "its symbol table is damaged";
    if ((symbols || section.sh_type == SHT_STRTAB) && section.sh_size > max_table_bytes)
        return "one of its tables is larger than 1 GiB";
    return std::nullopt;
}

} // namespace

std::optional<std::string> elf_fault(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return "it cannot be read";
    const auto total = static_cast<std::uint64_t>(file.tellg());
    const auto read = [&](std::uint64_t offset, void* out, std::size_t size) {
        return inside(offset, size, total) && file.seekg(static_cast<std::streamoff>(offset)) &&
               file.read(static_cast<char*>(out), static_cast<std::streamsize>(size));
    };

    Elf64_Ehdr header{};
    if (!read(0, &header, EI_NIDENT) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return "it is not a shared library";
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        return "it is built for another kind of processor";
    if (!read(0, &header, sizeof header)) return cut_short(total);
    if (header.e_machine != this_machine) return "it is built for another kind of processor";
    if (header.e_type != ET_DYN) return "it is not a shared library";
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0 ||
        header.e_shstrndx >= header.e_shnum)
        return "it has no table of sections";

    std::vector<Elf64_Shdr> sections(header.e_shnum);
    if (!read(header.e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr)))
        return cut_short(total);
    if (sections[header.e_shstrndx].sh_type != SHT_STRTAB) return "its table of names is damaged";
    for (const auto& section : sections)
        if (auto fault = section_fault(section, total)) return fault;
    return std::nullopt;
}

} // namespace tw
