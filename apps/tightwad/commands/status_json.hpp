// Reads the JSON of /v1/tightwad/status, which may be of another version: what is not there reads as nothing.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tw::cli {

// The value of a key; null where `of` is no object or lacks it.
template <class Json>
const Json& part(const Json& of, const char* key) {
    static const Json nothing;
    return of.is_object() && of.contains(key) ? of[key] : nothing;
}

template <class Json>
std::string text(const Json& of, const char* key) {
    const auto& found = part(of, key);
    return found.is_string() ? found.template get<std::string>() : std::string();
}

// The texts of a list.
template <class Json>
std::string joined(const Json& list) {
    std::string out;
    for (const auto& one : list)
        if (one.is_string()) out += (out.empty() ? "" : ", ") + one.template get<std::string>();
    return out;
}

} // namespace tw::cli
