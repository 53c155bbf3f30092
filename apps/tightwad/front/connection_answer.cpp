// How a connection generates: starts the answers, streams or collects them, gives up with the
// client.
#include <algorithm>
#include <limits>
#include <utility>

#include "front/connection.hpp"
#include "front/errors.hpp"

namespace tw::front {

namespace asio = boost::asio;

namespace {

constexpr std::size_t unread_limit = 1U << 20U;

/// All but what only some clients know, which need not lead to an answer.
bool counts(const answer_event& event) { return event.extra.empty(); }

bool has_failed(const answer_event& event) {
    return event.end && (event.end->reason == finish_reason::failed || event.end->reason == finish_reason::cancelled);
}

} // namespace

/// Apart from generate(), whose frame lives as long as the answer, so that the request need not.
std::variant<reply, connection::begun> connection::begin(endpoint kind, std::string body) {
    auto parsed = parse_request(kind, body, {.max_tokens = shared_.options.max_tokens_limit});
    if (!parsed) return error_reply(parsed.error());
    auto& request = *parsed;
    request.model = shared_.models.resolved(request.model);
    auto found = shared_.models.find(request.model);
    if (auto* refusal = std::get_if<reply>(&found)) return std::move(*refusal);
    if (shared_.stopping) return error_reply(fail(code::unavailable, "The server is stopping."));
    const auto pipeline = std::get<std::shared_ptr<tw::pipeline>>(std::move(found));
    const auto model = request.model.empty() ? pipeline->serves().front() : request.model;
    const auto limit = request.stream ? unread_limit : std::numeric_limits<std::size_t>::max();
    const auto running = std::make_shared<answer>(loop_, limit);
    if (auto failure = running->start(request, *pipeline)) return error_reply(*failure);
    return begun{running, make_writer(request, new_identity(request, model)), request.answers(), request.stream};
}

asio::awaitable<bool> connection::generate(request_head head, endpoint kind, std::string body) {
    auto outcome = begin(kind, std::move(body));
    if (auto* refusal = std::get_if<reply>(&outcome)) co_return co_await send(std::move(*refusal), std::move(head));
    const auto [running, writer, answers, streamed] = std::get<begun>(std::move(outcome));
    attend(running, answers);
    bool keep = false;
    if (streamed)
        keep = co_await stream(std::move(head), running, writer);
    else
        keep = co_await collect(std::move(head), running, writer);
    co_await leave(*running, answers);
    co_return keep && !peer_gone_;
}

/// The head waits for the first event, or until the first ping is due: what fails before anything was said has its own
/// status and headers, as if the answer were not streamed.
asio::awaitable<bool> connection::stream(request_head head, std::shared_ptr<answer> running,
                                         std::shared_ptr<answer_writer> writer) {
    const bool chunked = head.version >= 11; // an HTTP/1.0 client reads until we close
    const bool keep = chunked && head.keep_alive && !shared_.stopping;
    reply out{.headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}},
              .content_type = std::string(writer->stream_type())};
    if (chunked) out.headers.emplace_back("Transfer-Encoding", "chunked");
    auto unsent = head_text(out, head, keep, common_headers(head));
    auto events = writer->opening();
    while (!writer->complete() && !writer->failure()) {
        auto batch = co_await running->next(shared_.options.ping_interval);
        if (peer_gone_ || running->overflowed()) break;
        const auto first = std::ranges::find_if(batch, counts);
        const bool waits = first == batch.end() && !batch.empty(), refused = !unsent.empty() && first != batch.end() && has_failed(*first);
        for (auto& event : batch)
            if (!writer->failure()) events += writer->add(std::move(event));
        if (refused) {
            auto refusal = error_reply(*writer->failure());
            co_return co_await send(std::move(refusal), std::move(head));
        }
        if (waits && !unsent.empty()) continue;
        if (batch.empty()) events += writer->ping();
        auto block = std::exchange(unsent, {});
        if (!events.empty()) block += chunked ? http_chunk(events) : events;
        events.clear();
        if (block.empty()) continue;
        const bool written = co_await http_.write(std::move(block));
        if (!written) peer_gone_ = true;
        if (peer_gone_) break;
    }
    if (peer_gone_ || running->overflowed()) {
        peer_gone_ = true; // a client too slow to follow is left like one that has gone
        log(head, 499);
        co_return false;
    }
    events += writer->closing();
    auto bytes = unsent + (chunked ? http_chunk(events) + "0\r\n\r\n" : events);
    const auto status = writer->failure() ? problem_of(*writer->failure()).status : out.status;
    log(head, status);
    const bool written = co_await http_.write(std::move(bytes));
    co_return written&& keep && !writer->failure();
}

asio::awaitable<bool> connection::collect(request_head head, std::shared_ptr<answer> running,
                                          std::shared_ptr<answer_writer> writer) {
    while (!writer->complete() && !writer->failure() && !peer_gone_) {
        auto batch = co_await running->next(shared_.options.ping_interval);
        for (auto& event : batch)
            if (!writer->failure()) writer->add(std::move(event));
    }
    if (peer_gone_) {
        log(head, 499);
        co_return false;
    }
    reply out = writer->failure() ? error_reply(*writer->failure()) : reply{.body = writer->whole()};
    co_return co_await send(std::move(out), std::move(head));
}

} // namespace tw::front
