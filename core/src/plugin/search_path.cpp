// Where plugins are looked for.
#include "plugin/search_path.hpp"

#include <cstdlib>
#include <sstream>

namespace tw {
namespace fs = std::filesystem;
namespace {

std::optional<std::string> variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

} // namespace

search_environment search_environment::current() {
    std::error_code ignored;
    return {.plugins_path = variable("TIGHTWAD_PLUGINS_PATH"),
            .xdg_data_home = variable("XDG_DATA_HOME"),
            .home = variable("HOME"),
            .executable = fs::read_symlink("/proc/self/exe", ignored)};
}

search_path search_path::from(const std::vector<fs::path>& plugins_dirs,
                              const search_environment& environment) {
    search_path out;
    for (const auto& dir : plugins_dirs)
        out.folders.push_back({fs::absolute(dir), true});
    if (!out.folders.empty()) return out;

    if (environment.plugins_path) {
        std::istringstream list(*environment.plugins_path);
        for (std::string dir; std::getline(list, dir, ':');)
            if (!dir.empty()) out.folders.push_back({fs::absolute(dir), true});
    }
    constexpr auto tail = "tightwad/plugins";
    if (environment.xdg_data_home)
        out.folders.push_back({fs::path(*environment.xdg_data_home) / tail});
    else if (environment.home)
        out.folders.push_back({fs::path(*environment.home) / ".local/share" / tail});

    if (!environment.executable.empty()) {
        const auto prefix = environment.executable.parent_path().parent_path();
        out.folders.push_back({prefix / "lib" / tail});
        out.folders.push_back({prefix / "lib64" / tail});
        if (constexpr std::string_view triplet = TW_LIBRARY_ARCHITECTURE; !triplet.empty())
            out.folders.push_back({prefix / "lib" / triplet / tail});
    }
    return out;
}

} // namespace tw
