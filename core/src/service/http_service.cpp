// From the contract's structs to the client and back.
#include "service/http_service.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/text.hpp"
#include "service/plugin_host.hpp"

namespace tw {
namespace {

constexpr std::size_t most_headers = 100;

std::string text_of(tw_str text) { return std::string(view(text)); }

void set_time(std::chrono::milliseconds& to, std::int64_t ms) {
    constexpr std::int64_t day = 86'400'000;
    if (ms > 0) to = std::chrono::milliseconds{std::min(ms, day)};
}

result<net::web_request> read(const tw_http_request* asked) {
    if (asked == nullptr || asked->size < sizeof(tw_http_request))
        return fail(code::invalid_argument, "The request of the plugin has no or too small a struct.");
    if (asked->n_headers > most_headers || (asked->n_headers > 0 && asked->headers == nullptr))
        return fail(code::invalid_argument, "The request has " + std::to_string(asked->n_headers) +
                                                " headers; at most 100 are sent.");
    net::web_request out;
    out.method = text_of(asked->method);
    out.url = text_of(asked->url);
    for (std::size_t i = 0; i < asked->n_headers; ++i)
        out.headers.emplace_back(text_of(asked->headers[i].name), text_of(asked->headers[i].value));
    out.body = text_of(asked->body);
    if ((asked->flags & TW_HTTP_OPERATORS_URL) != 0) out.author = net::url_author::operator_of_this_host;
    out.repeatable = (asked->flags & TW_HTTP_REPEATABLE) != 0;
    set_time(out.connect_timeout, asked->connect_timeout_ms);
    set_time(out.first_byte_timeout, asked->first_byte_timeout_ms);
    set_time(out.idle_timeout, asked->idle_timeout_ms);
    if (asked->max_body_bytes > 0) out.max_body_bytes = asked->max_body_bytes;
    out.ca_file = text_of(asked->ca_file);
    return out;
}

net::web_events events_for(const tw_http_events* to) {
    net::web_events out;
    out.head = [to](const net::web_head& head) {
        std::vector<tw_http_header> headers;
        headers.reserve(head.headers.size());
        for (const auto& [name, value] : head.headers) headers.push_back({abi(name), abi(value)});
        const tw_http_head told{sizeof(tw_http_head), head.status, headers.data(), headers.size(), head.retry_after.count()};
        to->head(to, &told);
    };
    out.chunk = [to](std::string_view bytes) { to->chunk(to, abi(bytes)); };
    if (to->cancelled != nullptr) out.cancelled = [to] { return to->cancelled(to) != 0; };
    if (to->size >= sizeof(tw_http_events) && to->full != nullptr) out.full = [to] { return to->full(to) != 0; };
    out.done = [to](const std::optional<error>& problem) {
        if (!problem) return to->done(to, nullptr);
        auto told = empty_error();
        fill(&told, problem->code, problem->message, problem->retry_after);
        to->done(to, &told);
    };
    return out;
}

tw_code start(const tw_host* host, const tw_http_request* asked, const tw_http_events* events, tw_error* problem) {
    const auto refuse = [problem](const error& why) {
        fill(problem, why.code, why.message, why.retry_after);
        return static_cast<tw_code>(why.code);
    };
    if (events == nullptr || events->size < offsetof(tw_http_events, full) || events->head == nullptr ||
        events->chunk == nullptr || events->done == nullptr)
        return refuse(fail(code::invalid_argument, "The request of the plugin lacks head, chunk or done."));
    auto request = read(asked);
    if (!request) return refuse(request.error());
    const auto& from = *static_cast<const plugin_host*>(host->ctx);
    if (from.dials_public_only()) request->author = net::url_author::stranger;
    const auto begun = from.services().http().start(std::move(*request), events_for(events));
    return begun ? TW_OK : refuse(begun.error());
}

} // namespace

const tw_host_http& http_service() {
    static const tw_host_http table{.size = sizeof(tw_host_http), .start = &start};
    return table;
}

} // namespace tw
