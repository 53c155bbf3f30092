// Fuzz target: any bytes are a GGUF header whose figures can be summed up, or a reason why not.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "plan/layer_split.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
    const auto header = tw::plan::read_gguf(in, size);
    if (header.has_error()) {
        if (header.error().message.empty()) __builtin_trap();
        return 0;
    }
    const auto shape = tw::plan::shape_of({*header});
    if (shape.has_error() ? shape.error().message.empty() : shape->layers.size() > 4096) __builtin_trap();
    if (shape) static_cast<void>(tw::plan::split_layers(*shape, {{"a", 1}, {"b", size}}, size));
    return 0;
}
