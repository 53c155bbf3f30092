// The layer that holds the weights.
#include "models/ollama_manifest.hpp"

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"

namespace tw {
namespace {

using nlohmann::json;

constexpr auto weights = "application/vnd.ollama.image.model";
constexpr int deepest = 16;

error bad(std::string what) { return fail(code::corrupt, std::move(what)); }

std::string text(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

} // namespace

result<ollama_manifest> parse_ollama_manifest(std::string_view bytes) {
    if (bytes.size() > max_manifest_bytes) return bad("is larger than 1 MiB");
    if (json_deeper_than(bytes, deepest)) return bad("nests more than 16 deep");
    const auto root = json::parse(bytes, nullptr, false);
    if (!root.is_object()) return bad("is no JSON object");
    const auto layers = root.find("layers");
    if (layers == root.end() || !layers->is_array()) return bad("has no list of layers");
    const json* found = nullptr;
    for (const auto& layer : *layers) {
        if (!layer.is_object() || text(layer, "mediaType") != weights) continue;
        if (found != nullptr) return bad("has more than one layer of weights, which Tightwad cannot load");
        found = &layer;
    }
    if (found == nullptr) return bad("has no layer of weights");
    const auto digest = text(*found, "digest");
    constexpr std::string_view prefix = "sha256:";
    const auto digits = digest.starts_with(prefix) ? digest.substr(prefix.size()) : std::string();
    if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
        return bad("names its weights by a digest that is not sha256: and 64 hex digits");
    ollama_manifest out{"sha256-" + digits, 0};
    const auto size = found->find("size");
    if (size != found->end() && size->is_number_unsigned()) out.bytes = size->get<std::uint64_t>();
    return out;
}

} // namespace tw
