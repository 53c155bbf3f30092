// Fuzz target: any bytes are a configuration or a list of mistakes, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../unit/config/lookup.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto loaded = tw::test::parse_text(text);
    if (loaded.has_error())
        for (const auto& mistake : loaded.error())
            if (to_string(mistake).empty()) __builtin_trap();
    return 0;
}
