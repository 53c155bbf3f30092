// Options become arguments.
#include "pooled/llama_server.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

namespace tw::pooled {
namespace {

using nlohmann::json;

constexpr std::int64_t usual_slots = 4; // as for a model of this process

// Of an option that is a number or a text.
std::string word(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

} // namespace

result<std::vector<std::string>> llama_server_arguments(const std::string& options_json, const pool_config& pool,
                                                        std::uint16_t port) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> same{
        {{"model_path", "--model"}, {"threads", "--threads"}, {"tensor_split", "--tensor-split"}, {"rpc", "--rpc"}}};
    // The first are read below, the others are for an engine of this program.
    constexpr std::array<std::string_view, 11> others{"chat_template", "context", "slots", "gpu_layers", "cpu_moe", "rpc_names",
                                                      "rpc_on_cpu", "rpc_output", "rpc_vram", "rpc_experts", "cache"};
    const auto options = json::parse(options_json);
    std::vector<std::string> out{"--host", "127.0.0.1", "--port", std::to_string(port)};
    for (const auto& [key, value] : options.items()) {
        if (const auto* found = std::ranges::find(same, key, &std::pair<std::string_view, std::string_view>::first); found != same.end())
            out.insert(out.end(), {std::string(found->second), word(value)});
        else if (std::ranges::find(others, key) == others.end())
            return fail(code::unsupported, "\"" + key + "\" is not passed on to the llama-server of [pool." + pool.name +
                                               "]; write what it means there into server_args.");
    }
    const auto slots = options.value("slots", usual_slots);
    out.insert(out.end(), {"--parallel", std::to_string(slots)});
    if (const auto context = options.value("context", std::int64_t{0}); context > 0)
        out.insert(out.end(), {"--ctx-size", std::to_string(context * slots)}); // of all together
    if (const auto layers = options.value("gpu_layers", std::int64_t{-1}); layers >= 0)
        out.insert(out.end(), {"--gpu-layers", std::to_string(layers)});
    else out.insert(out.end(), {"--gpu-layers", "999"});
    if (const auto experts = options.value("cpu_moe", std::int64_t{0}); experts > 0)
        out.insert(out.end(), {"--n-cpu-moe", std::to_string(experts)});
    else if (experts < 0) out.emplace_back("--cpu-moe");
    if (const auto form = options.value("chat_template", std::string()); form.find('/') != std::string::npos)
        out.insert(out.end(), {"--chat-template-file", form});
    else if (!form.empty()) out.insert(out.end(), {"--no-jinja", "--chat-template", form}); // its Jinja knows no names
    out.insert(out.end(), pool.server_args.begin(), pool.server_args.end());
    return out;
}

} // namespace tw::pooled
