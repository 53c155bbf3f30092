// Fuzz target: any bytes are a manifest with a harmless file name, or a reason why not.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "models/ollama_manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = tw::parse_ollama_manifest({reinterpret_cast<const char*>(data), size});
    if (parsed.has_error() ? parsed.error().message.empty()
                           : parsed->blob.size() != 71 || parsed->blob.find('/') != std::string::npos)
        __builtin_trap();
    return 0;
}
