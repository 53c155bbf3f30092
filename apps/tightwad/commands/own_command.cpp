// /proc says which program this is.
#include "commands/own_command.hpp"

namespace tw::cli {

own_command command_of(const std::string& name, const global_options& global, const configuration& config) {
    std::error_code unknown;
    own_command out;
    out.program = std::filesystem::read_symlink("/proc/self/exe", unknown);
    if (unknown) out.program.clear();
    out.arguments = {name, "--config", std::filesystem::absolute(config.path, unknown).string()};
    for (const auto& folder : global.plugins_dirs) {
        out.arguments.emplace_back("--plugins-dir");
        out.arguments.push_back(std::filesystem::absolute(folder, unknown).string());
    }
    return out;
}

} // namespace tw::cli
