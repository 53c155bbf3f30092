// Bounds of an ELF file, checked before anything walks its tables.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tw {

// Why the file is no shared library that this machine can load, as the end of a sentence ("it is
// …"); nothing when every section header and table lies inside the file. Boost.DLL's reader trusts
// those numbers: a section of 2^64-1 bytes makes it write through a null pointer.
[[nodiscard]] std::optional<std::string> elf_fault(const std::filesystem::path& file);

} // namespace tw
