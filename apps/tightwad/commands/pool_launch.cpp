// /proc says which program this is.
#include "commands/pool_launch.hpp"

namespace tw::cli {

pool_launch launch_of(const global_options& global, const configuration& config) {
    std::error_code unknown;
    pool_launch out;
    out.program = std::filesystem::read_symlink("/proc/self/exe", unknown);
    if (unknown) out.program.clear();
    out.arguments = {"pool-engine", "--config", std::filesystem::absolute(config.path, unknown).string()};
    for (const auto& folder : global.plugins_dirs) {
        out.arguments.emplace_back("--plugins-dir");
        out.arguments.push_back(folder.string());
    }
    return out;
}

} // namespace tw::cli
