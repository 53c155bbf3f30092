// Takes the keys of one map one by one; a value that cannot be used and a key that nobody took become differences.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/document.hpp"
#include "migrate/difference.hpp"

namespace tw::migrate {

// It holds "${", which neither Tightwad replaces, and ours refuses.
[[nodiscard]] bool is_left_open(std::string_view text);

class section {
  public:
    // `name` is the map's own, such as "proxy.target", and empty for the file. The references must outlive it.
    section(const toml_tree::value& map, std::string name, differences& out)
        : map_(map), name_(std::move(name)), out_(out) {}

    // Null when the key is not there.
    const toml_tree::member* take(std::string_view key);
    std::optional<std::string> text(std::string_view key); // a number or a boolean too, as it is written
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
    std::optional<bool> boolean(std::string_view key);
    const toml_tree::value* map(std::string_view key);
    // The maps of a list, each with its place in it.
    std::vector<std::pair<std::size_t, const toml_tree::value*>> maps(std::string_view key);
    std::vector<std::string> texts(std::string_view key);

    // A difference of one kind if the key is there, unless it says `harmless`, which changes nothing.
    void drop(std::string_view key, difference_kind kind, std::string_view message, std::string_view harmless = {});
    void finish(); // every key that nobody took

    [[nodiscard]] std::string named(std::string_view key) const; // "proxy.port"
    [[nodiscard]] const location& at() const { return map_.at; }
    [[nodiscard]] location at(std::string_view key) const; // of the key, or of the map where it is not there

  private:
    void wrong(const toml_tree::member& found, const std::string& expected);

    const toml_tree::value& map_;
    std::string name_;
    differences& out_;
    std::vector<std::string> known_;
};

} // namespace tw::migrate
