// The only file that includes toml++.
#include "config/document.hpp"

#include <algorithm>
#include <fstream>

#define TOML_EXCEPTIONS 0
// With the limit on dots below, this bounds how deep a stranger's file can make the recursion.
#define TOML_MAX_NESTED_VALUES 32
// Version 3.3 tells the compiler two things that a stranger's bytes make untrue, which is undefined
// behaviour: that a table's name begins well ("[+" does not; a proper check follows), and that no code
// point but U+00A0 of its block is ever asked whether it is white space (U+0299 in a key is).
#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expr) static_assert(true)
#include <toml++/impl/forward_declarations.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE __builtin_unreachable()
#include <toml++/toml.h>

namespace tw::toml_tree {
namespace {

constexpr std::ptrdiff_t max_dots_per_line = 200;

location place(const toml::source_region& region, const std::string& file) {
    return {file, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

value convert(const toml::node& node, const std::string& file) {
    value out;
    out.at = place(node.source(), file);
    switch (node.type()) {
    case toml::node_type::table:
        out.type = value::kind::table;
        for (const auto& [key, inner] : *node.as_table())
            out.table.push_back(
                {std::string(key.str()), place(key.source(), file), convert(inner, file)});
        break;
    case toml::node_type::array:
        out.type = value::kind::list;
        for (const auto& inner : *node.as_array()) out.list.push_back(convert(inner, file));
        break;
    case toml::node_type::string:
        out.type = value::kind::text;
        out.text = node.as_string()->get();
        break;
    case toml::node_type::integer:
        out.type = value::kind::integer;
        out.integer = node.as_integer()->get();
        out.number = static_cast<double>(out.integer);
        break;
    case toml::node_type::floating_point:
        out.type = value::kind::number;
        out.number = node.as_floating_point()->get();
        break;
    case toml::node_type::boolean:
        out.type = value::kind::boolean;
        out.boolean = node.as_boolean()->get();
        break;
    default: out.type = value::kind::date; break;
    }
    return out;
}

std::optional<diagnostic> too_many_dots(std::string_view text, const std::string& file) {
    int line = 1;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '.') >
            max_dots_per_line)
            return diagnostic{{file, line, 1}, "This line has more than 200 dots; break it up."};
        text.remove_prefix(std::min(end + 1, text.size()));
        ++line;
    }
    return std::nullopt;
}

} // namespace

const member* value::find(std::string_view key) const {
    const auto at_key = std::find_if(table.begin(), table.end(),
                                     [&](const member& one) { return one.key == key; });
    return at_key == table.end() ? nullptr : &*at_key;
}

const char* describe(value::kind type) {
    switch (type) {
    case value::kind::text: return "a string";
    case value::kind::integer: return "an integer";
    case value::kind::number: return "a number";
    case value::kind::boolean: return "true or false";
    case value::kind::date: return "a date or time";
    case value::kind::list: return "a list";
    case value::kind::table: return "a table";
    }
    return "something else";
}

result<std::string> read_text(const std::filesystem::path& file) {
    std::error_code failed;
    if (!std::filesystem::exists(file, failed))
        return fail(code::not_found, "The configuration file " + file.string() + " is not there.");
    if (std::filesystem::is_directory(file, failed))
        return fail(code::invalid_argument, file.string() + " is a folder, not a configuration file.");
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(code::denied, "The configuration file " + file.string() + " cannot be read.");
    std::string text(max_file_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_file_bytes)
        return fail(code::invalid_argument,
                    "The configuration file " + file.string() + " is larger than 1 MiB.");
    return text;
}

boost::system::result<value, std::vector<diagnostic>> read(std::string_view text,
                                                          const std::string& file) {
    if (auto dots = too_many_dots(text, file)) return std::vector{std::move(*dots)};
    const auto parsed = toml::parse(text, std::string_view(file));
    if (parsed.failed()) {
        const auto& why = parsed.error();
        return std::vector{diagnostic{place(why.source(), file),
                                      "This is not TOML: " + std::string(why.description()) + "."}};
    }
    return convert(parsed.table(), file);
}

} // namespace tw::toml_tree
