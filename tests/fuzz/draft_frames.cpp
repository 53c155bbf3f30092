// Fuzz target: any bytes are a frame or a sentence, and a frame that was read is written and read again the same.
#include "wire/draft_frames.hpp"

#include <cstddef>
#include <cstdint>

namespace {

void demand(bool holds) {
    if (!holds) __builtin_trap();
}

template <class Read> void check(std::string_view frame, Read read) {
    const auto first = read(frame);
    if (!first) return demand(!first.error().message.empty());
    const auto written = tw::wire::encode(*first);
    const auto second = read(written);
    demand(second.has_value());
    demand(tw::wire::encode(*second) == written);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view frame(reinterpret_cast<const char*>(data), size);
    check(frame, tw::wire::decode_message);
    check(frame, tw::wire::decode_reply);
    return 0;
}
