// Fuzz target: any bytes are a frame or a sentence, and a frame that was read is written and read again the same.
#include "wire/frame.hpp"

#include <cstddef>
#include <cstdint>

namespace {

void demand(bool holds) {
    if (!holds) __builtin_trap();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tw::wire;
    const auto first = decode({reinterpret_cast<const char*>(data), size});
    if (!first) {
        demand(first.error().code == tw::code::corrupt && first.error().message.back() == '.');
        return 0;
    }
    const auto written = encode(first->channel, first->body);
    demand(written.has_value() && written->size() <= size);
    const auto second = decode(*written);
    demand(second.has_value() && second->body.index() == first->body.index());
    demand(encode(second->channel, second->body).value() == *written);
    return 0;
}
