// How a connection asks: one question, one reply, given up with the client.
#include <utility>

#include "front/connection.hpp"
#include "front/errors.hpp"
#include "front/question_reply.hpp"

namespace tw::front {

namespace asio = boost::asio;

asio::awaitable<bool> connection::inquire(request_head head, inquiry kind, std::string body) {
    auto parsed = parse_question(kind, head.target, body);
    body = {};
    if (!parsed) {
        auto refusal = error_reply(parsed.error());
        co_return co_await send(std::move(refusal), std::move(head));
    }
    auto& asked = *parsed;
    asked.model = shared_.models.resolved(asked.model);
    auto found = shared_.models.find(asked.model);
    if (auto* refusal = std::get_if<reply>(&found))
        co_return co_await send(std::move(*refusal), std::move(head));
    const auto pipeline = std::get<std::shared_ptr<tw::pipeline>>(std::move(found));
    const auto model = asked.model.empty() ? pipeline->serves().front() : asked.model;
    if (!asked.what) {
        reply out{.body = loaded_reply(asked, model)};
        co_return co_await send(std::move(out), std::move(head));
    }

    const auto box = std::make_shared<finding_box>(loop_);
    inquiring_ = box;
    box->ask(shared_.asking, pipeline, *asked.what);
    http_.watch(shared_from_this(), [this, weak = std::weak_ptr(box)] {
        peer_gone_ = true;
        if (const auto waiting = weak.lock()) waiting->give_up();
    });
    auto got = co_await box->wait();
    inquiring_.reset();
    bool keep = false;
    if (got) {
        reply out = *got ? reply{.body = question_reply(asked, model, **got)} : error_reply(got->error());
        keep = co_await send(std::move(out), std::move(head));
    } else {
        log(head, 499);
    }
    if (peer_gone_) ++shared_.counts.disconnects;
    co_await http_.stop_watching();
    co_return keep && !peer_gone_;
}

} // namespace tw::front
