// /proc/PID/maps.
#include "agent/library_version.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace tw::agent {

std::string ggml_version_in(std::string_view maps) {
    constexpr std::string_view library = "/libggml-base.so.";
    constexpr std::size_t longest = 32;
    const auto found = maps.find(library);
    if (found == std::string_view::npos) return {};
    auto version = maps.substr(found + library.size(), longest);
    version = version.substr(0, version.find_first_of("\n "));
    const bool sound = version.size() < longest && version.find_first_not_of("0123456789.") == std::string_view::npos &&
                       std::ranges::count(version, '.') == 2;
    return sound ? std::string(version) : std::string();
}

std::string ggml_version_of(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/maps");
    return ggml_version_in(std::string(std::istreambuf_iterator<char>(in), {}));
}

} // namespace tw::agent
