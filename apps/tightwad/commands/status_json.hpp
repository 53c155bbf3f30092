// Reads the JSON of /v1/tightwad/status, which may be of another version: what is not there reads as nothing.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"

namespace tw::cli {

// What another program says; discarded where it is no JSON, null where it nests deeper than any of these answers.
inline nlohmann::json parsed(const std::string& body) {
    return json_deeper_than(body, 8) ? nlohmann::json() : nlohmann::json::parse(body, nullptr, false);
}

// The value of a key; null where `of` is no object or lacks it.
inline const nlohmann::json& part(const nlohmann::json& of, const char* key) {
    static const nlohmann::json nothing;
    return of.is_object() && of.contains(key) ? of[key] : nothing;
}

// Of one that is gone afterwards, such as an ordered_json makes of itself here.
const nlohmann::json& part(nlohmann::json&& of, const char* key) = delete;

inline std::string text(const nlohmann::json& of, const char* key) {
    const auto& found = part(of, key);
    return found.is_string() ? found.get<std::string>() : std::string();
}

// The texts of a list.
inline std::string joined(const nlohmann::json& list) {
    std::string out;
    for (const auto& one : list)
        if (one.is_string()) out += (out.empty() ? "" : ", ") + one.get<std::string>();
    return out;
}

} // namespace tw::cli
