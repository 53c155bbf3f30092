// A name of the configuration first, then a file.
#include "commands/model_choice.hpp"

#include <filesystem>
#include <vector>

#include "base/text.hpp"
#include "config/paths.hpp"
#include "config/table_reader.hpp"
#include "pipeline/pool_model.hpp"

namespace tw::cli {
namespace {

result<pipeline_config*> only_pipeline(configuration& config) {
    std::vector<pipeline_config*> pooled;
    for (auto& each : config.pipelines)
        if (config.is_pooled(each)) pooled.push_back(&each);
    auto* found = config.pipelines.size() == 1 ? &config.pipelines.front() : pooled.size() == 1 ? pooled.front() : nullptr;
    if (found == nullptr)
        return fail(code::invalid_argument, "A model can be chosen for the only pipeline, or for the only one over a pool, and " +
                                                config.path.string() + " has " + std::to_string(config.pipelines.size()) +
                                                " pipelines, " + std::to_string(pooled.size()) + " of them over a pool.");
    if (!found->replicas.empty())
        return fail(code::invalid_argument, "Pipeline \"" + found->name + "\" has replicas, which must hold the same model; "
                                                "change it in " + config.path.string() + ".");
    return found;
}

} // namespace

result<void> choose_model(configuration& config, const std::string& model) {
    const auto chosen = only_pipeline(config);
    if (!chosen) return chosen.error();
    if (config.node(model) != nullptr) {
        (*chosen)->target = model;
        return {};
    }
    const auto file = resolve_file(model, std::filesystem::current_path());
    if (!file) return file.error();
    std::error_code unreadable;
    if (model.empty() || !std::filesystem::is_regular_file(*file, unreadable)) {
        std::vector<std::string> names;
        for (const auto& each : config.nodes) names.push_back(each.name);
        return fail(code::not_found, "There is neither a backend \"" + model + "\" in " + config.path.string() + " nor a file " +
                                         to_valid_utf8(file->string()) + suggestion(model, names));
    }
    for (auto& node : config.nodes)
        if (node.name == (*chosen)->target) {
            if (node.peer || node.server)
                return fail(code::invalid_argument, "The backend \"" + node.name + "\" loads nothing here, so it cannot be given " +
                                                        to_valid_utf8(file->string()) + ".");
            node.options_json = options_of(node, file->string());
            node.model_file = file->string();
        }
    return {};
}

} // namespace tw::cli
