// The TIGHTWAD_* variables that override the file.
#include <algorithm>

#include "base/text.hpp"
#include "config/paths.hpp"
#include "config/sections.hpp"
#include "config/units.hpp"

namespace tw::sections {
namespace {

std::optional<std::int64_t> number(const char* name, std::int64_t min, std::int64_t max,
                                   const char* also, report& out) {
    const auto text = environment(name);
    if (text.empty() || (*also != '\0' && text == also)) return std::nullopt;
    const auto value = parse_integer(text);
    if (value && *value >= min && *value <= max) return value;
    out.add({name, 0, 0}, "The environment variable is \"" + text + "\"; it must be " +
                              (*also == '\0' ? "" : "\"" + std::string(also) + "\" or ") +
                              "an integer from " + std::to_string(min) + " to " + std::to_string(max) + ".");
    return std::nullopt;
}

// One of a few words into `where`.
void word(const char* name, const std::vector<std::string>& allowed, std::string& where, report& out) {
    const auto text = environment(name);
    if (text.empty()) return;
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) where = text;
    else
        out.add({name, 0, 0}, "The environment variable is \"" + text + "\"; it must be " + any_of_these(allowed) + ".");
}

} // namespace

void apply_environment(configuration& config, report& out) {
    auto& server = config.server;
    if (auto host = environment("TIGHTWAD_HOST"); !host.empty()) {
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        server.host = std::move(host);
    }
    if (const auto port = number("TIGHTWAD_PORT", 1, 65535, "", out))
        server.port = static_cast<std::uint16_t>(*port);
    if (const auto limit = number("TIGHTWAD_MAX_TOKENS_LIMIT", 1, 1 << 30, "", out))
        server.max_tokens_limit = static_cast<std::int32_t>(*limit);
    if (const auto text = environment("TIGHTWAD_MAX_BODY_SIZE"); !text.empty()) {
        const auto bytes = parse_size(text);
        if (bytes && *bytes > 0 && *bytes <= (std::size_t{1} << 32U)) server.max_body_bytes = *bytes;
        else
            out.add({"TIGHTWAD_MAX_BODY_SIZE", 0, 0},
                    "The environment variable is \"" + text +
                        "\"; it must be a size from 1 byte to 4 GiB, such as 10MiB or 10485760.");
    }
    if (const auto word = lower(environment("TIGHTWAD_ALLOW_PRIVATE_UPSTREAM")); !word.empty()) {
        constexpr std::array no{"false", "0", "no"}, yes{"true", "1", "yes"};
        const bool refused = std::find(no.begin(), no.end(), word) != no.end();
        if (refused || std::find(yes.begin(), yes.end(), word) != yes.end()) server.private_upstreams = !refused;
        else
            out.add({"TIGHTWAD_ALLOW_PRIVATE_UPSTREAM", 0, 0},
                    "The environment variable is \"" + word + "\"; it must be true or false.");
    }
    for (const char* name : {"TIGHTWAD_TOKEN", "TIGHTWAD_PROXY_TOKEN"})
        if (!environment(name).empty()) server.token = secret_ref{secret_ref::kind::env, name};
    if (constexpr auto name = "TIGHTWAD_PEER_TOKEN"; !environment(name).empty()) {
        if (!config.peer) config.peer = read_peer({}, out);
        config.peer->token = secret_ref{secret_ref::kind::env, name};
    }
    word("TIGHTWAD_DRAFTING", {"measured", "synchronous", "streaming", "branches"}, config.drafting, out);
    word("TIGHTWAD_PASS_SHAPE", {"measured", "held", "follows"}, config.pass_shape, out);
    for (auto& pipeline : config.pipelines) {
        pipeline.drafting = config.drafting;
        pipeline.pass_shape = config.pass_shape;
    }
    const bool automatic = environment("TIGHTWAD_MAX_DRAFT_TOKENS") == "auto";
    const auto length = number("TIGHTWAD_MAX_DRAFT_TOKENS", 1, 256, "auto", out);
    for (auto& pipeline : config.pipelines) {
        if (automatic) pipeline.max_draft_tokens.reset();
        if (length) pipeline.max_draft_tokens = static_cast<std::int32_t>(*length);
    }
}

} // namespace tw::sections
