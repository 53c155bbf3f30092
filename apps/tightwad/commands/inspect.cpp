// `tightwad inspect FILE`: what a GGUF model needs, and which machine of a pool would hold which layers.
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
#include "plan/layer_split.hpp"

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

std::vector<proposal> proposals(const plan::model_shape& model, const global_options& global, std::uint64_t tokens) {
    std::vector<proposal> out;
    const auto memory = agent::look_at_machine(state_folder()).memory_available_bytes;
    const plan::holder here{"this machine", memory};
    out.push_back({here.name, plan::split_layers(model, {here}, tokens), {}});
    if (!find_config(global.config)) return out;
    const auto config = load_config(global);
    if (!config) return out;
    for (const auto& pool : config->pools) {
        std::vector<plan::holder> holders;
        std::string silent;
        for (const auto& one : pool.workers) {
            holders.push_back({one.name, one.vram_bytes});
            if (one.vram_bytes == 0) silent += (silent.empty() ? "" : ", ") + one.name;
        }
        proposal made{"pool " + pool.name, {}, {}};
        const auto output_at = pool.output == "coordinator" ? std::optional(here) : std::nullopt;
        if (silent.empty()) made.shares = plan::split_layers(model, holders, tokens, output_at);
        else made.problem = "say \"vram\" of " + silent + " to have it planned; llama.cpp would split by free memory.";
        for (std::size_t i = 0; i < pool.workers.size() && !made.shares.empty(); ++i)
            plan::place_experts(model, made.shares, pool.workers[i].experts, i);
        out.push_back(std::move(made));
    }
    return out;
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
    const auto plans = options.plan ? proposals(*model, global, context * options.slots) : std::vector<proposal>{};
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
