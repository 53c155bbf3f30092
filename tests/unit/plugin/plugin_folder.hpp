// A folder of plugins that a test fills, and the sentences it got back with the folder's name taken
// out.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "plugin/registry.hpp"

class plugin_folder {
  public:
    plugin_folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "tightwad-plugins-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = pattern;
    }
    ~plugin_folder() { std::filesystem::remove_all(path_); }
    plugin_folder(const plugin_folder&) = delete;
    plugin_folder& operator=(const plugin_folder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    std::filesystem::path copy(const std::string& built, const std::string& as = "") const {
        const auto to = path_ / (as.empty() ? built : as);
        std::filesystem::copy_file(std::filesystem::path(TW_BINARY_DIR) / "tests/plugins" / built,
                                   to);
        return to;
    }
    std::filesystem::path write(const std::string& name, std::string_view bytes) const {
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        return path_ / name;
    }
    [[nodiscard]] tw::registry scan(const std::map<std::string, std::string>& pins = {}) const {
        return tw::registry::scan(tw::search_path::from({path_}), pins);
    }
    // The same sentence whatever the folder is called.
    [[nodiscard]] std::string anonymous(std::string text) const {
        for (auto at = text.find(path_.string()); at != std::string::npos;
             at = text.find(path_.string()))
            text.replace(at, path_.string().size(), "DIR");
        return text;
    }

  private:
    std::filesystem::path path_;
};

inline std::string bytes_of(const std::filesystem::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}
