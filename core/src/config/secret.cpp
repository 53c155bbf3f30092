// Reads a secret from where the configuration says it is.
#include <fstream>

#include "config/config.hpp"
#include "config/paths.hpp"

namespace tw {

result<std::string> read_secret(const secret_ref& ref) {
    if (ref.from == secret_ref::kind::env) {
        auto value = environment(ref.name.c_str());
        if (value.empty())
            return fail(code::not_found, "The environment variable " + ref.name +
                                             ", which the configuration names for a secret, is not set.");
        return value;
    }
    constexpr std::size_t limit = 64U << 10U;
    std::ifstream in(ref.name, std::ios::binary);
    if (!in)
        return fail(code::not_found,
                    "The file " + ref.name + ", which the configuration names for a secret, cannot be read.");
    std::string value;
    for (char byte = 0; value.size() <= limit && in.get(byte);) value.push_back(byte);
    if (value.size() > limit)
        return fail(code::invalid_argument, "The secret file " + ref.name + " is larger than 64 KiB.");
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
    if (value.empty()) return fail(code::not_found, "The secret file " + ref.name + " is empty.");
    return value;
}

result<std::string> read_secret(const std::optional<secret_ref>& ref) {
    return ref ? read_secret(*ref) : result<std::string>(std::string());
}

} // namespace tw
