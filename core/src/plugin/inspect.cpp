// Looks at a file that claims to be a plugin without running any of its code.
#define BOOST_DLL_USE_STD_FS
#include "plugin/inspect.hpp"

#include <algorithm>
#include <exception>
#include <string_view>
#include <vector>

#include <boost/dll/library_info.hpp>

#include <tightwad/abi/plugin.h>

#include "plugin/elf_check.hpp"

namespace tw {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view symbol_stem = "tightwad_plugin_v";

// The contract major that an exported name speaks of, 0 when it is another name.
unsigned long major_of(std::string_view symbol) {
    if (!symbol.starts_with(symbol_stem)) return 0;
    const auto digits = symbol.substr(symbol_stem.size());
    if (digits.empty() || digits.size() > 6 ||
        digits.find_first_not_of("0123456789") != std::string_view::npos)
        return 0;
    return std::stoul(std::string(digits));
}

} // namespace

std::optional<std::string> inspect_file(const fs::path& file) {
    const auto name = file.filename().string();
    std::error_code error;
    const auto status = fs::status(file, error);
    if (error || !fs::is_regular_file(status)) return name + " is not a plugin: it is not a file.";
    if ((status.permissions() & fs::perms::others_write) != fs::perms::none)
        return name +
               " can be changed by every user of this machine; make it safe with: chmod o-w " +
               file.string();
    return std::nullopt;
}

std::optional<std::string> inspect_library(const fs::path& file) {
    const auto fault = elf_fault(file);
    if (!fault) return std::nullopt;
    return file.filename().string() + " is not a plugin: " + *fault + ".";
}

std::optional<std::string> inspect_contract(const fs::path& file) {
    const auto name = file.filename().string();
    std::vector<std::string> symbols;
    try {
        symbols = boost::dll::library_info(file).symbols();
    } catch (const std::exception& e) { // std::runtime_error and std::ios_base::failure, unrelated
        return name + " is not a plugin: its symbols cannot be read (" + e.what() + ").";
    }
    if (std::find(symbols.begin(), symbols.end(), TW_PLUGIN_SYMBOL) != symbols.end())
        return std::nullopt;
    for (const auto& symbol : symbols)
        if (const auto major = major_of(symbol); major != 0)
            return name + " speaks version " + std::to_string(major) +
                   " of the plugin contract and this host speaks version " +
                   std::to_string(TW_ABI_MAJOR) +
                   "; install the build of it made for this Tightwad.";
    return name + " is not a plugin: it does not export " + TW_PLUGIN_SYMBOL + ".";
}

std::optional<std::string> inspect(const fs::path& file) {
    for (const auto part : {&inspect_file, &inspect_library, &inspect_contract})
        if (auto why = part(file)) return why;
    return std::nullopt;
}

} // namespace tw
