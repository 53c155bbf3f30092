// Plugins first, because their option tables judge the file; its pins before both.
#include "commands/setup.hpp"

#include <iostream>
#include <map>
#include <set>

#include "bridge/backend.hpp"
#include "bridge/engine.hpp"
#include "commands/terminal.hpp"
#include "config/paths.hpp"

namespace tw::cli {
namespace {

std::vector<diagnostic> only(const error& failure) { return {diagnostic{{}, failure.message}}; }

std::vector<option_info> copy(const tw_option* const* options) {
    std::vector<option_info> out;
    const auto text = [](const char* maybe) { return std::string(maybe == nullptr ? "" : maybe); };
    for (; options != nullptr && *options != nullptr; ++options) {
        const auto& one = **options;
        out.push_back({text(one.name), one.type, text(one.default_value), text(one.help),
                       one.required != 0, one.min, one.max});
    }
    return out;
}

void print(const diagnostic& what, tint colour, const char* kind) {
    if (!what.at.file.empty()) std::cerr << paint(2, tint::bold, to_string(what.at) + ":") << ' ';
    std::cerr << paint(2, colour, kind) << ' ' << what.message << '\n';
}

// Where there is no file, variables may stand for one.
bool reads_environment(const global_options& global, const result<std::filesystem::path>& file) {
    return !file && !global.config && environment("TIGHTWAD_CONFIG").empty() && environment_plugin();
}

using pin_map = std::map<std::string, std::string>;

pin_map pins(pin_map named) {
    std::erase_if(named, [](const auto& entry) { return entry.second.empty(); });
    return named;
}

} // namespace

bool is_without_file(const global_options& global) {
    return !global.config && environment("TIGHTWAD_CONFIG").empty() && !find_config({});
}

registry scan_plugins(const global_options& global) {
    const auto file = find_config(global.config);
    return registry::scan(search_path::from(global.plugins_dirs), file ? pins(named_plugins(*file)) : pin_map{});
}

result<std::vector<option_info>> backend_options(const registry& plugins, std::string_view interface, std::string_view id) {
    const auto* found = plugins.find(id);
    if (found == nullptr) return plugins.missing(id);
    const auto* engine = find_engine(*found);
    const auto* backend = find_backend(*found);
    if (interface == "server" && backend == nullptr)
        return fail(code::unsupported, "The plugin \"" + std::string(id) + "\" cannot use a server at a url; \"llamacpp\", "
                                       "\"ollama\" and \"openrouter\" can.");
    if (engine != nullptr && interface != "server") return copy(engine->options);
    if (backend != nullptr) return copy(backend->options);
    return fail(code::unsupported, "The plugin \"" + std::string(id) + "\" cannot serve as a backend.");
}

boost::system::result<setup, std::vector<diagnostic>> load_setup(const global_options& global) {
    const auto file = find_config(global.config);
    const bool without_file = reads_environment(global, file);
    if (!file && !without_file) return only(file.error());
    const auto named = without_file ? pin_map{{*environment_plugin(), ""}} : named_plugins(*file);
    std::set<std::string> only_these;
    for (const auto& [id, pin] : named) only_these.insert(id);
    auto plugins = registry::scan(search_path::from(global.plugins_dirs), pins(named), only_these);
    const auto options = [&](std::string_view interface, std::string_view plugin) { return backend_options(plugins, interface, plugin); };
    auto loaded = without_file ? from_environment(options) : load(*file, options);
    if (!loaded) return loaded.error();
    return setup{std::move(*loaded), std::move(plugins)};
}

load_result load_config(const global_options& global) {
    const auto file = find_config(global.config);
    if (reads_environment(global, file)) return from_environment(nullptr);
    if (!file) return only(file.error());
    return load(*file, nullptr);
}

std::vector<diagnostic> missing_pipelines(const configuration& config) {
    if (!config.pipelines.empty()) return {};
    return {diagnostic{{config.path.string(), 0, 0},
                       "There is no [pipeline.NAME] table, so there is nothing to serve. Add one with \"serves\" and "
                       "\"target\"; what [peer] describes is started with `tightwad peer start`."}};
}

int report_mistakes(const std::vector<diagnostic>& mistakes) {
    for (const auto& mistake : mistakes) print(mistake, tint::red, "error:");
    if (mistakes.size() > 1) std::cerr << mistakes.size() << " mistakes; nothing was started.\n";
    std::cerr.flush();
    return exit_usage;
}

void report_warnings(const std::vector<diagnostic>& warnings) {
    for (const auto& warning : warnings) print(warning, tint::yellow, "warning:");
    std::cerr.flush();
}

} // namespace tw::cli
