// The plugins this process has loaded, and why the other files were refused.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tightwad/abi/plugin.h>

#include "base/error.hpp"
#include "plugin/search_path.hpp"

namespace tw {

// A loaded plugin. It stays loaded until the process ends, so `entry` never dangles.
struct plugin {
    std::string id, version, summary;
    std::filesystem::path path;
    std::string sha256; // of the file, lower-case hex
    std::uint32_t abi_minor = 0;
    const tw_plugin* entry = nullptr;

    // The vtable of an interface such as TW_ENGINE_V1, unchecked (see bridge/), or null.
    [[nodiscard]] const void* query(std::string_view interface_id) const;
};

struct refusal {
    std::filesystem::path path;
    std::string why; // one plain sentence
};

class registry {
  public:
    // Looks at every NAME.so of every folder and loads what may be loaded; one bad file never stops
    // the scan. NAME must be the plugin's id: so the host knows, before any code runs, which file a
    // pin or an `only` speaks of.
    //
    // `sha256_pins`: id -> hex digest; a file with another digest is refused unread by the loader.
    // `only`: the ids to load; the rest is not even looked at. Absent = all.
    // Call it from the main thread before others start (see plugin/rehearse.hpp).
    [[nodiscard]] static registry
    scan(const search_path& where, const std::map<std::string, std::string>& sha256_pins = {},
         const std::optional<std::set<std::string>>& only = std::nullopt);

    // Null when there is none; missing() then says why. Valid as long as the registry.
    [[nodiscard]] const plugin* find(std::string_view id) const;
    // In the order in which they were found. Valid as long as the registry.
    [[nodiscard]] std::vector<const plugin*> plugins() const;
    [[nodiscard]] const std::vector<refusal>& refusals() const { return refusals_; }
    [[nodiscard]] const std::vector<std::filesystem::path>& searched() const { return searched_; }

    // Why find(id) gave nothing: the refusal of a file of that name, a near name, or where it was
    // sought.
    [[nodiscard]] error missing(std::string_view id) const;

  private:
    void scan_folder(const search_path::folder& folder,
                     const std::map<std::string, std::string>& pins,
                     const std::optional<std::set<std::string>>& only);
    [[nodiscard]] result<plugin> admit(const std::filesystem::path& file,
                                       const std::map<std::string, std::string>& pins) const;

    std::vector<plugin> plugins_;
    std::vector<refusal> refusals_;
    std::vector<std::string> left_alone_; // names that `only` kept out, for suggestions
    std::vector<std::filesystem::path> searched_;
    std::set<std::filesystem::path> seen_; // canonical, so that a file met twice is one file
};

} // namespace tw
