// Members that nobody here reads.
#include "front/server_extra.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tw::front {
namespace {

using json = nlohmann::ordered_json;

constexpr std::ptrdiff_t most_open = 128; // items of a list that may still grow
constexpr std::size_t most_members = 256; // of a place

/// A member that names what it stands in, and does not grow.
bool names(std::string_view key) {
    static constexpr std::array all{"index", "type", "id", "format", "name"};
    return std::ranges::find(all, key) != all.end();
}

void add_up(json& into, json more);

void add_item(json& list, json item) {
    if (item.is_object() && item.contains("index")) {
        const auto last = std::min<std::ptrdiff_t>(most_open, static_cast<std::ptrdiff_t>(list.size()));
        const auto same = std::find_if(list.rbegin(), list.rbegin() + last, [&](const json& each) {
            return each.is_object() && each.contains("index") && each["index"] == item["index"];
        });
        if (same != list.rbegin() + last) return add_up(*same, std::move(item));
    }
    list.push_back(std::move(item));
}

void add_up(json& into, json more) {
    if (into.is_string() && more.is_string()) {
        into.get_ref<std::string&>() += more.get_ref<const std::string&>();
    } else if (into.is_array() && more.is_array()) {
        for (auto& item : more) add_item(into, std::move(item));
    } else if (into.is_object() && more.is_object()) {
        for (auto& [key, value] : more.items()) {
            if (names(key)) into[key] = std::move(value);
            else add_up(into[key], std::move(value));
        }
    } else if (!more.is_null()) {
        into = std::move(more);
    }
}

} // namespace

server_extra server_extra::of(std::string_view json) {
    auto all = nlohmann::ordered_json::parse(json);
    server_extra out;
    for (auto& [place, said] : all.items())
        for (const auto& [name, to] : {std::pair{"answer", &out.answer}, std::pair{"choice", &out.choice},
                                       std::pair{"delta", &out.delta}, std::pair{"usage", &out.usage}})
            if (place == name) *to = std::move(said);
    if (out.answer.is_object()) out.answer.erase("tightwad"); // its figures of its own work, where ours stand
    return out;
}

void server_extra::add(server_extra more) {
    for (const auto& [to, from] : {std::pair{&answer, &more.answer}, std::pair{&choice, &more.choice}, std::pair{&usage, &more.usage}}) {
        if (to->size() + from->size() > most_members) continue;
        for (auto& [key, value] : from->items()) {
            auto& there = (*to)[key];
            if (to == &choice && value.is_array()) add_up(there, std::move(value));
            else there = std::move(value);
        }
    }
    add_up(delta, std::move(more.delta));
}

void server_extra::drop_pieces() {
    delta = nullptr;
    json rest;
    for (auto& [key, value] : choice.items())
        if (!value.is_array()) rest[key] = std::move(value);
    choice = std::move(rest);
}

void put_missing(json& into, const json& from) {
    for (const auto& [key, value] : from.items()) {
        auto& there = into[key];
        if (there.is_null()) there = value;
        else if (there.is_object() && value.is_object()) put_missing(there, value);
    }
}

} // namespace tw::front
