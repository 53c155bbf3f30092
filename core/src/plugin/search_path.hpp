// Where plugins are looked for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tw {

// What the default places depend on, so that a test can set it.
struct search_environment {
    std::optional<std::string> plugins_path;  // TIGHTWAD_PLUGINS_PATH: folders separated by ':'
    std::optional<std::string> xdg_data_home; // XDG_DATA_HOME
    std::optional<std::string> home;          // HOME
    std::filesystem::path executable;         // of this process

    [[nodiscard]] static search_environment current();
};

// Folders in the order in which they are searched; the first file that claims an id keeps it.
struct search_path {
    struct folder {
        std::filesystem::path path;
        bool must_exist = false; // someone asked for it by name, so its absence is told
    };
    std::vector<folder> folders;

    // The folders given with --plugins-dir and then only those; without any, TIGHTWAD_PLUGINS_PATH,
    // the user's data folder, and the library folder beside the executable's.
    [[nodiscard]] static search_path
    from(const std::vector<std::filesystem::path>& plugins_dirs,
         const search_environment& environment = search_environment::current());
};

} // namespace tw
