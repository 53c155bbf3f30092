// Fuzz target: any bytes, split anywhere, give well-formed text cut at the earliest stop string.
//
// The input's lines: one stop string each, up to an empty line; then the token pieces, 0x1F between.
#include "scheduler/text_stream.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace {

void demand(bool holds) {
    if (!holds) __builtin_trap();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto take = [&input](char end) {
        const auto at = std::min(input.find(end), input.size());
        const auto part = input.substr(0, at);
        input.remove_prefix(std::min(at + 1, input.size()));
        return part;
    };
    std::vector<std::string> stops;
    for (auto line = take('\n'); !line.empty(); line = take('\n'))
        stops.emplace_back(line);

    tw::text_stream stream(stops);
    std::string text, bytes;
    while (!input.empty()) {
        const auto piece = take('\x1F');
        bytes += piece;
        const auto out = stream.push(piece);
        demand(tw::is_valid_utf8(out.text));
        text += out.text;
    }
    text += stream.finish();

    auto wanted = tw::to_valid_utf8(bytes);
    auto end = wanted.size();
    for (const auto& stop : stops)
        if (tw::is_valid_utf8(stop)) end = std::min(end, wanted.find(stop));
    demand(stream.stopped() == (end != wanted.size()));
    demand(text == wanted.substr(0, end));
    demand(stream.sent() == text.size());
    return 0;
}
