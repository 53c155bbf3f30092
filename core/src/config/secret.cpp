// Reads a secret from where the configuration says it is.
#include <algorithm>
#include <fstream>

#include "config/config.hpp"
#include "config/paths.hpp"

namespace tw {
namespace {

// "${NAME}", whole: what systemd's Environment= and the like leave as it stands.
bool is_reference(std::string_view value) {
    if (!value.starts_with("${") || !value.ends_with('}')) return false;
    const auto name = value.substr(2, value.size() - 3);
    const auto in_name = [](char c) { return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); };
    return !name.empty() && std::ranges::all_of(name, in_name);
}

result<std::string> from_variable(const std::string& name) {
    auto value = environment(name.c_str());
    if (value.empty())
        return fail(code::not_found, "The environment variable " + name +
                                         ", which the configuration names for a secret, is not set.");
    if (is_reference(value))
        return fail(code::invalid_argument, "The environment variable " + name + ", which the configuration names for a "
                                            "secret, holds a reference ${...} that nothing has replaced; set it to the "
                                            "secret itself.");
    return value;
}

result<std::string> from_file(const std::string& path) {
    constexpr std::size_t limit = 64U << 10U;
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return fail(code::not_found, "The file " + path + ", which the configuration names for a secret, cannot be read.");
    std::string value;
    for (char byte = 0; value.size() <= limit && in.get(byte);) value.push_back(byte);
    if (value.size() > limit)
        return fail(code::invalid_argument, "The secret file " + path + " is larger than 64 KiB.");
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
    if (value.empty()) return fail(code::not_found, "The secret file " + path + " is empty.");
    if (is_reference(value))
        return fail(code::invalid_argument, "The secret file " + path + " holds a reference ${...} that nothing has "
                                            "replaced; write the secret itself into it.");
    return value;
}

} // namespace

result<std::string> read_secret(const secret_ref& ref) {
    return ref.from == secret_ref::kind::env ? from_variable(ref.name) : from_file(ref.name);
}

result<std::string> read_secret(const std::optional<secret_ref>& ref) {
    return ref ? read_secret(*ref) : result<std::string>(std::string());
}

} // namespace tw
