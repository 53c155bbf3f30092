// `tightwad inspect FILE`: what a GGUF model needs, and which machine of a pool would hold which layers.
#include <algorithm>
#include <iostream>
#include <optional>

#include <nlohmann/json.hpp>

#include "agent/machine.hpp"
#include "base/text.hpp"
#include "commands/commands.hpp"
#include "commands/setup.hpp"
#include "commands/share_text.hpp"
#include "commands/terminal.hpp"
#include "config/paths.hpp"
#include "pipeline/pool_layout.hpp"

namespace tw::cli {
namespace {

using json = nlohmann::ordered_json;

std::string or_not_known(const std::optional<std::uint64_t>& bytes) { return bytes ? human_bytes(*bytes) : "not known"; }

json maybe(const std::optional<std::uint64_t>& number) { return number ? json(*number) : json(); }

json to_json(const plan::model_shape& model, std::uint64_t context, std::uint64_t slots) {
    json layers = json::array();
    for (const auto& one : model.layers)
        layers.push_back({{"bytes", one.bytes},
                          {"expert_bytes", one.expert_bytes},
                          {"cache_bytes_per_token", maybe(one.cache_bytes_per_token)}});
    return {{"name", model.name},
            {"architecture", model.architecture},
            {"files", model.files},
            {"file_bytes", model.file_bytes},
            {"weight_bytes", model.weight_bytes},
            {"bytes_by_type", model.bytes_by_type},
            {"embedding_bytes", model.embedding_bytes},
            {"output_bytes", model.output_bytes},
            {"output_is_embedding", model.tied},
            {"bytes_per_token", model.bytes_per_token()},
            {"trained_context", model.context},
            {"vocabulary", model.vocabulary},
            {"experts", model.experts},
            {"experts_used", model.experts_used},
            {"context", context},
            {"slots", slots},
            {"cache_bytes", maybe(model.cache_bytes(context * slots))},
            {"layers", std::move(layers)}};
}

// The layers that are alike, as one line.
void print_layers(const plan::model_shape& model) {
    std::vector<std::vector<std::string>> rows{{"LAYERS", "EACH", "OF IT EXPERTS", "CACHE A TOKEN"}};
    for (std::size_t begin = 0; begin < model.layers.size();) {
        const auto& first = model.layers[begin];
        auto end = begin + 1;
        while (end < model.layers.size() && model.layers[end].bytes == first.bytes &&
               model.layers[end].expert_bytes == first.expert_bytes &&
               model.layers[end].cache_bytes_per_token == first.cache_bytes_per_token)
            ++end;
        rows.push_back(
            {begin + 1 == end ? std::to_string(begin) : std::to_string(begin) + "-" + std::to_string(end - 1),
             human_bytes(first.bytes), first.expert_bytes == 0 ? "-" : human_bytes(first.expert_bytes),
             or_not_known(first.cache_bytes_per_token)});
        begin = end;
    }
    rows.push_back({"embedding", human_bytes(model.embedding_bytes), "-", "-"});
    rows.push_back({"output", human_bytes(model.output_bytes) + (model.tied ? " (the embedding)" : ""), "-", "-"});
    print_table(rows);
}

void print(const plan::model_shape& model, std::uint64_t context, std::uint64_t slots) {
    std::cout << (model.name.empty() ? "A model" : model.name) << ", " << model.architecture << ", "
              << model.layers.size() << " layers, vocabulary " << model.vocabulary << ", trained for "
              << model.context << " tokens\n"
              << human_bytes(model.file_bytes) << " in " << model.files << (model.files == 1 ? " file" : " files") << ':';
    for (const auto& [type, bytes] : model.bytes_by_type) std::cout << ' ' << type << ' ' << human_bytes(bytes);
    if (model.experts > 0) std::cout << "; " << model.experts_used << " of " << model.experts << " experts a token";
    std::cout << "\nread for one token: " << human_bytes(model.bytes_per_token()) << "; cache of " << slots << " x "
              << context << " tokens: " << or_not_known(model.cache_bytes(context * slots)) << '\n';
    std::cout.flush();
    print_layers(model);
}

// One way to hold the model: alone, or over a pool of the configuration.
struct proposal {
    std::string name;
    std::vector<plan::share> shares;
    std::string problem; // why there are none
};

// Of the backend over that pool which loads the file, else of the one that a pipeline has for its target, whose settings
// `tightwad swap FILE` would use; null where there is none.
nlohmann::json options_over(const pool_config& pool, const configuration& config, const std::string& file) {
    nlohmann::json served;
    for (const auto& node : config.nodes) {
        if (node.pool != pool.name) continue;
        auto options = nlohmann::json::parse(node.options_json, nullptr, false);
        if (options.is_object() && options.value("model_path", std::string()) == file) return options;
        const bool is_target = std::ranges::any_of(config.pipelines, [&](const auto& one) { return one.target == node.name; });
        if (is_target) served = std::move(options);
    }
    return served;
}

proposal over(const pool_config& pool, const configuration& config, const std::string& file, const plan::model_shape& model,
              std::uint64_t tokens, std::uint64_t here_bytes) {
    proposal out{"pool " + pool.name, {}, {}};
    auto layout = layout_of(pool, options_over(pool, config, file), model.layers.size());
    layout.here.memory_bytes = here_bytes;
    std::string silent;
    for (const auto& one : layout.workers)
        if (one.memory_bytes == 0) silent += (silent.empty() ? "" : ", ") + one.name;
    if (silent.empty()) out.shares = plan::lay_out(model, layout, tokens);
    else out.problem = "say \"vram\" of " + silent + " to have it planned" + (layout.by.empty() ? "; llama.cpp would split by free memory." : ".");
    return out;
}

proposal alone(const plan::model_shape& model, std::uint64_t tokens, std::uint64_t here_bytes) {
    const plan::holder here{"this machine", here_bytes};
    return {here.name, plan::split_layers(model, {here}, tokens), {}};
}

// None, where no configuration is named and none is found.
boost::system::result<std::optional<setup>, std::vector<diagnostic>> find_setup(const global_options& global) {
    if (is_without_file(global)) return std::optional<setup>();
    auto found = load_setup(global);
    if (!found) return found.error();
    return std::optional<setup>(std::move(*found));
}

void print(const std::vector<proposal>& plans) {
    for (const auto& one : plans) {
        std::cout << '\n' << one.name << ':';
        if (!one.problem.empty()) {
            std::cout << ' ' << one.problem << '\n';
            continue;
        }
        std::cout << std::endl;
        print_table(share_rows(one.shares));
    }
}

json to_json(const std::vector<proposal>& plans) {
    json out = json::array();
    for (const auto& one : plans)
        out.push_back({{"name", one.name},
                       {"shares", shares_json(one.shares)},
                       {"problem", one.problem.empty() ? json() : json(one.problem)}});
    return out;
}

} // namespace

int inspect(const global_options& global, const inspect_options& options) {
    const auto file = resolve_file(options.file, std::filesystem::current_path());
    if (!file) return complain(file.error().message, exit_usage);
    const auto model = plan::inspect_model(*file);
    if (!model) return complain(model.error().message, exit_failure);
    const auto trained = model->context == 0 ? 4096 : model->context;
    const auto context = options.context == 0 ? trained : options.context;
    std::vector<proposal> plans;
    if (options.plan) {
        const auto found = find_setup(global);
        if (!found) return report_mistakes(found.error());
        const auto tokens = context * options.slots, here = agent::look_at_machine(state_folder()).memory_available_bytes;
        plans.push_back(alone(*model, tokens, here));
        if (*found)
            for (const auto& pool : (*found)->config.pools)
                plans.push_back(over(pool, (*found)->config, file->string(), *model, tokens, here));
    }
    if (options.json) {
        auto out = to_json(*model, context, options.slots);
        if (options.plan) out["plans"] = to_json(plans);
        std::cout << out.dump(2, ' ', false, json::error_handler_t::replace) << std::endl;
        return exit_ok;
    }
    print(*model, context, options.slots);
    print(plans);
    return exit_ok;
}

} // namespace tw::cli
