// The folders of the user and the search for the configuration file.
#include "config/paths.hpp"

#include <array>
#include <cstdlib>

#include "config/config.hpp"
#include "models/ollama_store.hpp"

namespace tw {
namespace {

namespace fs = std::filesystem;

fs::path user_folder(const char* ours, const char* xdg, const char* below_home) {
    if (const auto own = environment(ours); !own.empty()) return own;
    if (const auto base = environment(xdg); !base.empty()) return fs::path(base) / "tightwad";
    return home_folder() / below_home / "tightwad";
}

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored) && !fs::is_directory(path, ignored);
}

} // namespace

std::string environment(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): nobody calls setenv
    return value == nullptr ? "" : value;
}

fs::path home_folder() {
    const auto home = environment("HOME");
    return home.empty() ? fs::path(".") : fs::path(home);
}

fs::path cache_folder() { return user_folder("TIGHTWAD_CACHE", "XDG_CACHE_HOME", ".cache"); }
fs::path state_folder() { return user_folder("TIGHTWAD_STATE", "XDG_STATE_HOME", ".local/state"); }

fs::path resolve_path(const std::string& written, const fs::path& base) {
    if (written.starts_with("cache:")) return cache_folder() / "models" / written.substr(6);
    if (written.starts_with("~/")) return home_folder() / written.substr(2);
    return (base / written).lexically_normal();
}

result<fs::path> resolve_file(const std::string& written, const fs::path& base) {
    constexpr std::string_view ollama = "ollama:";
    if (written.starts_with(ollama)) return ollama_store(ollama_folders()).find(written.substr(ollama.size()));
    return resolve_path(written, base);
}

std::vector<fs::path> ollama_folders() {
    if (auto named = environment("OLLAMA_MODELS"); !named.empty()) return {std::move(named)};
    return {home_folder() / ".ollama/models", "/usr/share/ollama/.ollama/models", "/var/lib/ollama/models"};
}

result<fs::path> find_config(const std::optional<fs::path>& explicit_path) {
    if (explicit_path) {
        if (is_file(*explicit_path)) return *explicit_path;
        return fail(code::not_found, "The configuration file " + explicit_path->string() +
                                         " (given with -c) is not there.");
    }
    if (const auto named = environment("TIGHTWAD_CONFIG"); !named.empty()) {
        if (is_file(named)) return fs::path(named);
        return fail(code::not_found,
                    "The configuration file " + named + " (named by TIGHTWAD_CONFIG) is not there.");
    }
    const auto xdg = environment("XDG_CONFIG_HOME");
    const std::array<fs::path, 4> places{
        "./tightwad.toml", "./configs/tightwad.toml",
        (xdg.empty() ? home_folder() / ".config" : fs::path(xdg)) / "tightwad" / "config.toml",
        home_folder() / ".tightwad" / "config.toml"};
    std::string searched;
    for (const auto& place : places) {
        if (is_file(place)) return place;
        searched += (searched.empty() ? "" : ", ") + place.string();
    }
    return fail(code::not_found, "No configuration file was found; searched: " + searched +
                                     ". Name one with -c FILE, or start from configs/demo.toml.");
}

} // namespace tw
