// Fuzz target: what a server elsewhere sends, and what a configuration calls a URL, may be any bytes.
//
// The first byte says where the rest is cut in two; the readers must not care.
#include <cstddef>
#include <cstdint>
#include <string>

#include <tightwad/sdk/openai_stream.hpp>

#include "base/web_url.hpp"

namespace {

struct heard {
    std::string text;
    bool failed = false;

    bool operator==(const heard&) const = default;
};

heard read(std::string_view first, std::string_view second) {
    heard out;
    const tw_sink sink{sizeof(tw_sink), &out,
                       [](const tw_sink* self, const tw_delta* delta) {
                           static_cast<heard*>(self->ctx)->text.append(delta->text.data, delta->text.size);
                       },
                       nullptr, nullptr};
    tw::sdk::answer answer(&sink);
    tw::sdk::openai_stream stream;
    try {
        stream.feed(first, answer);
        stream.feed(second, answer);
        stream.end(answer);
    } catch (const tw::sdk::failure&) {
        out.failed = true;
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (bytes.empty()) return 0;
    const auto rest = bytes.substr(1);
    const auto at = rest.empty() ? 0 : static_cast<unsigned char>(bytes[0]) % rest.size();
    if (read(rest.substr(0, at), rest.substr(at)) != read(rest, {})) __builtin_trap();
    if (const auto url = tw::net::parse_web_url(rest)) {
        const auto again = tw::net::parse_web_url(url->origin() + url->target);
        if (!again || again->origin() != url->origin() || again->target != url->target) __builtin_trap();
    }
    return 0;
}
