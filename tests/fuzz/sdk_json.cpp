// Fuzz target: the SDK's JSON reader takes any bytes, and what it accepts it can read to the end.
#include <cstddef>
#include <cstdint>

#include <tightwad/sdk/json.hpp>

namespace {

namespace json = tw::sdk::json;

void walk(const json::value& v) {
    switch (v.kind()) {
    case json::kind::array:
        for (const auto& element : v.elements())
            walk(element);
        return;
    case json::kind::object:
        for (const auto& [key, member] : v.members())
            walk(member);
        return;
    case json::kind::string:
        if (v.as_string() != json::value::parse(json::quote(v.as_string())).as_string())
            __builtin_trap();
        return;
    default:
        return;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        walk(json::value::parse({reinterpret_cast<const char*>(data), size}));
    } catch (const tw::sdk::failure&) {
    }
    return 0;
}
