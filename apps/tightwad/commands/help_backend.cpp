// `tightwad help backend PLUGIN`: the keys a plugin understands in its table.
#include <iostream>
#include <sstream>

#include <unistd.h>

#include "bridge/interfaces.hpp"
#include "commands/commands.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

std::string type_of(const option_info& option) {
    switch (option.type) {
    case TW_OPTION_INTEGER: return "integer";
    case TW_OPTION_NUMBER: return "number";
    case TW_OPTION_BOOLEAN: return "boolean";
    case TW_OPTION_PATH: return "path";
    case TW_OPTION_NAME_OR_PATH: return "name or path";
    default: return "string";
    }
}

std::string range_of(const option_info& option) {
    if (option.min == 0 && option.max == 0) return "";
    std::ostringstream out;
    out.precision(15);
    out << option.min << " … " << option.max;
    return out.str();
}

void print(const std::vector<option_info>& options) {
    std::vector<std::vector<std::string>> rows{{"KEY", "TYPE", "DEFAULT", "RANGE", "MEANING"}};
    for (const auto& one : options)
        rows.push_back({one.name, type_of(one), one.required ? "required" : one.default_value,
                        range_of(one), one.help});
    print_table(rows);
}

} // namespace

int help_backend(const global_options& global, const std::string& plugin) {
    const auto plugins = scan_plugins(global);
    const auto* found = plugins.find(plugin);
    if (found == nullptr) return complain(plugins.missing(plugin).message, exit_usage);
    const auto options = backend_options(plugins, "backend", plugin);
    if (!options) return complain(options.error().message, exit_usage);
    std::cout << paint(STDOUT_FILENO, tint::bold, found->id) << ' ' << found->version << ": "
              << found->summary << "\n\n[backend.NAME]\nplugin = \"" << found->id << "\"\n\n";
    if (options->empty()) {
        std::cout << "It has no keys of its own." << std::endl;
        return exit_ok;
    }
    print(*options);
    if (find_engine(*found) == nullptr || find_backend(*found) == nullptr) return exit_ok;
    std::cout << "\nWith a url that begins with http it uses a server that runs, and these keys:\n\n";
    print(backend_options(plugins, "server", plugin).value());
    return exit_ok;
}

} // namespace tw::cli
