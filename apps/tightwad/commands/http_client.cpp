// Beast's parser over a timed socket.
#include "commands/http_client.hpp"

#include <array>
#include <limits>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/timed_socket.hpp"

namespace tw::cli {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

error explain(const error_code& ec, const server_config& server, const http_request& request) {
    const auto at = server.url();
    if (ec == boost::asio::error::operation_aborted) return fail(code::cancelled, "Interrupted.");
    if (ec == boost::asio::error::timed_out)
        return fail(code::timed_out, "The endpoint at " + at + " was silent for " +
                                         std::to_string(request.patience.count() / 1000) + " s.");
    if (ec == boost::asio::error::host_not_found)
        return fail(code::not_found, "The name " + server.host + " (from the configuration) has no address.");
    if (ec == boost::asio::error::connection_refused)
        return fail(code::unavailable,
                    "No Tightwad endpoint answers at " + at + "; start one with `tightwad serve`.");
    return fail(code::unavailable, "The connection to " + at + " failed: " + ec.message() + ".");
}

http::request<http::string_body> compose(const server_config& server, const http_request& request) {
    http::request<http::string_body> out(http::string_to_verb(request.method), request.path, 11);
    out.set(http::field::host, server.url().substr(7));
    out.set(http::field::connection, "close");
    out.set(http::field::accept, "application/json, text/event-stream");
    if (!request.token.empty()) out.set(http::field::authorization, "Bearer " + request.token);
    if (!request.body.empty()) {
        out.set(http::field::content_type, "application/json");
        out.body() = request.body;
        out.prepare_payload();
    }
    return out;
}

} // namespace

result<http_answer> fetch(const server_config& server, const http_request& request,
                          const std::function<void(std::string_view)>& piece, const interrupted& stop) {
    // Through url(), so that a wildcard address is reached by loopback.
    auto host = server.url().substr(7);
    host.resize(host.rfind(':'));
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);

    timed_socket socket(request.patience, stop);
    auto ec = socket.connect(host, server.port);
    if (ec) return explain(ec, server, request);
    http::write(socket, compose(server, request), ec);
    if (ec) return explain(ec, server, request);

    boost::beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    http::read_header(socket, buffer, parser, ec);
    if (ec) return explain(ec, server, request);

    http_answer answer{.status = static_cast<int>(parser.get().result_int()), .body = {}};
    std::array<char, 16384> bytes{};
    while (!parser.is_done()) {
        auto& body = parser.get().body();
        body.data = bytes.data();
        body.size = bytes.size();
        http::read_some(socket, buffer, parser, ec);
        if (ec == http::error::need_buffer) ec.clear();
        const std::string_view got(bytes.data(), bytes.size() - body.size);
        if (piece && answer.status == 200) {
            if (!got.empty()) piece(got);
        } else answer.body += got;
        if (ec) return explain(ec, server, request);
    }
    return answer;
}

std::string refusal_sentence(const http_answer& answer) {
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    if (body.is_object() && body.contains("error")) {
        const auto& error = body["error"];
        if (error.is_object() && error.contains("message") && error["message"].is_string())
            return to_valid_utf8(error["message"].get<std::string>());
    }
    return "The endpoint answered with HTTP status " + std::to_string(answer.status) + ".";
}

} // namespace tw::cli
