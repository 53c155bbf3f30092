// Data in base64, and which format it is.
#include "front/audio_fields.hpp"

#include <nlohmann/json.hpp>

namespace tw::front {

using nlohmann::json;

bool is_audio(const json& part) { return json_member(part, "type") == "input_audio"; }

json read_audio(fields& in, const std::string& path, const json& part) {
    const auto& audio = json_member(part, "input_audio");
    for (const char* key : {"data", "format"}) {
        const auto& value = json_member(audio, key);
        if (value.is_string() && value != "") continue;
        const auto name = path + ".input_audio." + key;
        in.refuse(name, "'" + name + "' must be a string, as in {\"data\": \"UklGR…\", \"format\": \"wav\"}.");
        return {};
    }
    return part;
}

} // namespace tw::front
