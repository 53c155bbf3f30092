// How a connection passes a request on: its bytes up, the server's bytes down, given up with the client.
#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "front/connection.hpp"
#include "front/errors.hpp"
#include "front/model_place.hpp"
#include "front/pass_through.hpp"

namespace tw::front {

namespace asio = boost::asio;

/// Apart from pass(), whose frame lives as long as the answer, so that the request need not.
std::variant<reply, std::shared_ptr<pass_through>> connection::begin_pass(const request_head& head, const std::string& path,
                                                                          std::string body) {
    const auto named = place_of_model(head.content_type, body);
    if (!named) return error_reply(named.error());
    auto model = shared_.models.resolved(named->model);
    auto found = shared_.models.find(model);
    if (auto* refusal = std::get_if<reply>(&found)) return std::move(*refusal);
    if (shared_.stopping) return error_reply(fail(code::unavailable, "The server is stopping."));
    const auto pipeline = std::get<std::shared_ptr<tw::pipeline>>(std::move(found));
    if (model.empty()) model = pipeline->serves().front();

    const auto query = std::min(head.target.find('?'), head.target.size());
    auto request = std::make_shared<pass_request>();
    request->target = path + head.target.substr(query, head.target.find('#', query) - query);
    request->content_type = head.content_type;
    request->accept = head.accept;
    request->body = std::move(body);
    request->name_at = named->at;
    request->name_size = named->size;
    request->name_is_json = named->json;
    auto running = std::make_shared<pass_through>(loop_);
    if (const auto failure = running->start(*pipeline, std::move(request))) return not_passed(*failure, path, model);
    return running;
}

asio::awaitable<bool> connection::pass(request_head head, std::string path, std::string body) {
    auto outcome = begin_pass(head, path, std::move(body));
    if (auto* refusal = std::get_if<reply>(&outcome)) co_return co_await send(std::move(*refusal), std::move(head));
    const auto running = std::get<std::shared_ptr<pass_through>>(std::move(outcome));
    attend(running, 1);
    const bool keep = co_await hand_down(std::move(head), running);
    co_await leave(*running, 1);
    co_return keep && !peer_gone_;
}

/// What fails before the head has a status and a sentence of its own. What fails later leaves the body without its end.
asio::awaitable<bool> connection::hand_down(request_head head, std::shared_ptr<pass_through> running) {
    auto news = co_await running->next();
    if (!news.head && !peer_gone_) {
        auto refusal = error_reply(news.failure ? *news.failure : fail(code::internal, "The answer ended before it began."));
        co_return co_await send(std::move(refusal), std::move(head));
    }
    if (peer_gone_) {
        log(head, 499);
        co_return false;
    }
    auto out = reply_to_pass(*std::move(news.head));
    const auto status = out.status;
    const bool bodiless = status == 204, chunked = head.version >= 11 && !bodiless;
    const bool keep = (chunked || bodiless) && head.keep_alive && !shared_.stopping;
    if (chunked) out.headers.emplace_back("Transfer-Encoding", "chunked");
    auto block = head_text(out, head, keep, common_headers(head));
    while (!peer_gone_) {
        if (!news.bytes.empty() && !bodiless) block += chunked ? http_chunk(news.bytes) : news.bytes;
        if (news.over) break;
        if (!block.empty()) {
            auto bytes = std::exchange(block, {});
            const bool written = co_await http_.write(std::move(bytes));
            if (!written) peer_gone_ = true;
            if (peer_gone_) break;
        }
        news = co_await running->next();
    }
    if (peer_gone_) {
        log(head, 499);
        co_return false;
    }
    if (chunked && !news.failure) block += "0\r\n\r\n";
    log(head, news.failure ? problem_of(*news.failure).status : status);
    if (news.failure) spdlog::warn("event=broken_off id={} why=\"{}\"", request_id_, news.failure->message);
    const bool written = co_await http_.write(std::move(block));
    if (news.failure && !chunked) http_.reset();
    co_return written&& keep && !news.failure;
}

} // namespace tw::front
