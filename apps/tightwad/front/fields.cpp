// Typed reading of fields, and the sentences for what does not fit.
#include "front/fields.hpp"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace tw::front {

using nlohmann::json;

std::string in_words(const json& value) {
    switch (value.type()) {
    case json::value_t::null:
        return "null";
    case json::value_t::object:
        return "an object";
    case json::value_t::array:
        return value.empty() ? "an empty array" : "an array";
    case json::value_t::string:
        return "a string";
    case json::value_t::boolean:
        return value.get<bool>() ? "true" : "false";
    default:
        return "the number " + value.dump();
    }
}

const json& json_member(const json& object, const char* key) {
    static const json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found == object.end() ? nothing : *found;
}

fields::fields(const json& object, std::string prefix)
    : object_(object), prefix_(std::move(prefix)) {}

const json* fields::find(const char* key) const {
    if (failure_) return nullptr;
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<double> fields::number(const char* key, double low, double high) {
    const auto* value = find(key);
    if (!value) return std::nullopt;
    if (!value->is_number()) {
        wrong_type(key, "a number", *value);
        return std::nullopt;
    }
    const auto number = value->get<double>();
    if (number >= low && number <= high) return number; // false for NaN
    refuse(key, "'" + prefix_ + key + "' must lie between " + json(low).dump() + " and " +
                    json(high).dump() + ", not be " + value->dump() + ".");
    return std::nullopt;
}

std::optional<std::int64_t> fields::integer(const char* key, std::int64_t low, std::int64_t high) {
    const auto* value = find(key);
    if (!value) return std::nullopt;
    std::optional<std::int64_t> number;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (value->is_number_unsigned()) {
        if (value->get<std::uint64_t>() <= most) number = value->get<std::int64_t>();
    } else if (value->is_number_integer()) {
        number = value->get<std::int64_t>();
    } else if (value->is_number_float() &&
               std::trunc(value->get<double>()) == value->get<double>() &&
               std::abs(value->get<double>()) < 9e15) {
        number =
            static_cast<std::int64_t>(value->get<double>()); // 16.0, as some languages write 16
    } else {
        wrong_type(key, "an integer", *value);
        return std::nullopt;
    }
    if (number && *number >= low && *number <= high) return number;
    refuse(key, "'" + prefix_ + key + "' must lie between " + std::to_string(low) + " and " +
                    std::to_string(high) + ", not be " + value->dump() + ".");
    return std::nullopt;
}

std::optional<bool> fields::boolean(const char* key) {
    const auto* value = find(key);
    if (!value) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    wrong_type(key, "true or false", *value);
    return std::nullopt;
}

std::optional<std::string> fields::text(const char* key) {
    const auto* value = find(key);
    if (!value) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    wrong_type(key, "a string", *value);
    return std::nullopt;
}

const json* fields::object(const char* key) {
    const auto* value = find(key);
    if (!value || value->is_object()) return value;
    wrong_type(key, "an object", *value);
    return nullptr;
}

void fields::refuse(const std::string& key, std::string sentence, tw::code code) {
    if (failure_) return;
    failure_ = fail(code, std::move(sentence));
    failure_->param = prefix_ + key;
}

void fields::wrong_type(const std::string& key, const char* expected, const json& value) {
    refuse(key, "'" + prefix_ + key + "' must be " + expected + ", not " + in_words(value) + ".");
}

void fields::adopt(const fields& other) {
    if (!failure_) failure_ = other.failure_;
}

} // namespace tw::front
