// `tightwad graph`: the pipelines as a drawing for Graphviz.
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"

namespace tw::cli {
namespace {

// A quoted dot string; JSON escapes the same characters, and dot shows \n as a line break.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void draw(const pipeline_config& pipeline, std::ostream& out) {
    const auto id = quoted("pipeline." + pipeline.name);
    out << "  " << id << " [shape=hexagon, label=" << quoted(pipeline.name + "\nverify: " + pipeline.verify)
        << "];\n";
    for (const auto& name : pipeline.serves) {
        const auto model = quoted("model." + name);
        out << "  " << model << " [shape=plaintext, label=" << quoted(name) << "];\n"
            << "  " << model << " -> " << id << ";\n";
    }
    const auto length =
        pipeline.max_draft_tokens ? std::to_string(*pipeline.max_draft_tokens) : std::string("auto");
    for (const auto& name : pipeline.draft)
        out << "  " << quoted("backend." + name) << " -> " << id << " [style=dashed, label="
            << quoted("drafts, up to " + length) << "];\n";
    for (const auto& name : pipeline.draft_fallback)
        out << "  " << quoted("backend." + name) << " -> " << id
            << " [style=dotted, label=\"drafts while no other does\"];\n";
    out << "  " << id << " -> " << quoted("backend." + pipeline.target) << " [label=\"decides\"];\n";
    for (const auto& name : pipeline.replicas)
        out << "  " << id << " -> " << quoted("backend." + name) << " [label=\"decides, replica\"];\n";
}

} // namespace

int graph(const global_options& global) {
    const auto loaded = load_setup(global);
    if (!loaded) return report_mistakes(loaded.error());
    std::ostringstream out;
    out << "digraph tightwad {\n  rankdir=LR;\n";
    for (const auto& node : loaded->config.nodes)
        out << "  " << quoted("backend." + node.name)
            << " [shape=box, label=" << quoted(node.name + "\n" + (node.peer ? node.peer->url : node.plugin)) << "];\n";
    for (const auto& pipeline : loaded->config.pipelines) draw(pipeline, out);
    out << "}\n";
    std::cout << out.str() << std::flush;
    return exit_ok;
}

} // namespace tw::cli
