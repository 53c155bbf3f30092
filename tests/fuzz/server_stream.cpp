// Fuzz target: what a server elsewhere sends, beside its text too, and what a configuration calls a URL, may be any bytes.
//
// The first byte says where the rest is cut in two; the readers must not care.
#include <cstddef>
#include <cstdint>
#include <string>

#include <tightwad/sdk/openai_stream.hpp>

#include "base/web_url.hpp"
#include "front/server_extra.hpp"
#include "pipeline/server_news.hpp"

namespace {

// What an answer said, and what the host makes of what was beside its text.
struct heard {
    std::string text;
    bool failed = false;

    bool operator==(const heard&) const = default;
    void take(std::string_view json) {
        text += json;
        struct front final : tw::generation_sink {
            explicit front(std::string& to) : said(to) {}
            void text(std::string_view) override {}
            void done(tw::generation_result) override {}
            void call(tw::tool_call_piece piece) override {
                if (piece.index > begun || (piece.index == begun) == piece.more.name.empty()) __builtin_trap();
                if (piece.index == begun) ++begun;
                said += piece.more.arguments;
            }
            void extra(std::string_view json, bool adds_up) override {
                const auto kept = tw::front::server_extra::of(json);
                if (adds_up != kept.delta.is_object()) __builtin_trap();
                all.add(kept);
                all.add(kept);
            }
            tw::front::server_extra all;
            std::string& said;
            std::size_t begun = 0;
        };
        front sink(text);
        tw::server_news news;
        static_cast<void>(news.read(json, sink));
    }
};

heard read(std::string_view first, std::string_view second) {
    heard out;
    const tw_sink sink{sizeof(tw_sink), &out,
                       [](const tw_sink* self, const tw_delta* delta) {
                           static_cast<heard*>(self->ctx)->text.append(delta->text.data, delta->text.size);
                       },
                       nullptr, nullptr,
                       [](const tw_sink* self, std::uint32_t, tw_str json) {
                           static_cast<heard*>(self->ctx)->take(tw::sdk::view(json));
                       }};
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
