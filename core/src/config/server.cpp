// [server]: where the endpoint listens and what it puts up with.
#include "config/sections.hpp"
#include "config/units.hpp"

namespace tw {

std::string server_config::url() const {
    auto reachable = host;
    if (host == "0.0.0.0") reachable = "127.0.0.1";
    if (host == "::") reachable = "::1";
    if (reachable.find(':') != std::string::npos) reachable = "[" + reachable + "]";
    return "http://" + reachable + ":" + std::to_string(port);
}

namespace sections {
namespace {

using toml_tree::value;

constexpr std::int64_t max_body_limit = std::int64_t{1} << 32U;

void read_body_size(table_reader& reader, server_config& server, report& out) {
    const auto* found = reader.take("max_body_size");
    if (found == nullptr) return;
    const auto& written = found->value;
    std::optional<std::size_t> bytes;
    if (written.type == value::kind::text) bytes = parse_size(written.text);
    if (written.type == value::kind::integer && written.integer > 0)
        bytes = static_cast<std::size_t>(written.integer);
    if (bytes && *bytes > 0 && *bytes <= max_body_limit) server.max_body_bytes = *bytes;
    else
        out.add(written.at, "\"max_body_size\" must be a size from 1 byte to 4 GiB such as \"10MiB\", or a "
                            "number of bytes.");
}

void read_drain_timeout(table_reader& reader, server_config& server, report& out) {
    const auto* found = reader.take("drain_timeout");
    if (found == nullptr) return;
    const auto& written = found->value;
    const auto time = written.type == value::kind::text ? parse_duration(written.text) : std::nullopt;
    if (time && *time <= std::chrono::hours(24))
        server.drain_timeout = std::chrono::duration_cast<std::chrono::seconds>(*time);
    else
        out.add(written.at, "\"drain_timeout\" must be a time of at most 24 hours with its unit, such as "
                            "\"30s\" or \"2m\".");
}

void read_model_memory(table_reader& reader, server_config& server, report& out) {
    const auto* found = reader.take("model_memory");
    if (found == nullptr) return;
    const auto& written = found->value;
    if (written.type == value::kind::text && written.text == "auto") return;
    const auto bytes = written.type == value::kind::text ? parse_size(written.text) : std::nullopt;
    if (bytes && *bytes > 0) server.model_memory = *bytes;
    else out.add(written.at, "\"model_memory\" must be \"auto\" or a size such as \"24GB\".");
}

} // namespace

server_config read_server(const value& table, report& out) {
    server_config server;
    table_reader reader(table, "[server]", out);
    if (const auto listen = reader.text("listen")) {
        if (auto address = parse_listen(*listen)) {
            server.host = std::move(address->first);
            server.port = address->second;
        } else {
            out.add(table.find("listen")->value.at,
                    "\"listen\" must be an address and a port from 1 to 65535, such as "
                    "\"127.0.0.1:8088\" or \"[::1]:8088\", not \"" +
                        *listen + "\".");
        }
    }
    server.token = reader.secret("token");
    if (auto origins = reader.texts("cors_origins")) server.cors_origins = std::move(*origins);
    read_body_size(reader, server, out);
    if (const auto limit = reader.integer("max_tokens_limit", 1, 1 << 30))
        server.max_tokens_limit = static_cast<std::int32_t>(*limit);
    read_drain_timeout(reader, server, out);
    read_model_memory(reader, server, out);
    if (const auto allowed = reader.boolean("private_upstreams")) server.private_upstreams = *allowed;
    reader.finish();
    return server;
}

} // namespace sections
} // namespace tw
