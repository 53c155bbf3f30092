// How a connection asks: one question, one reply, given up with the client.
#include <utility>

#include "front/connection.hpp"
#include "front/errors.hpp"
#include "front/ollama_pages.hpp"
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

    auto got = co_await found_by(pipeline, *asked.what);
    if (!got) {
        log(head, 499);
        co_return false;
    }
    reply out = *got ? reply{.body = question_reply(asked, model, **got)} : error_reply(got->error());
    co_return co_await send(std::move(out), std::move(head));
}

/// What a prompt would cost, without an answer.
asio::awaitable<bool> connection::count_tokens(request_head head, endpoint kind, std::string body) {
    auto parsed = parse_request(kind, body, {.max_tokens = shared_.options.max_tokens_limit});
    body = {};
    if (!parsed) {
        auto refusal = error_reply(parsed.error());
        co_return co_await send(std::move(refusal), std::move(head));
    }
    auto found = shared_.models.find(shared_.models.resolved(parsed->model));
    if (auto* refusal = std::get_if<reply>(&found)) co_return co_await send(std::move(*refusal), std::move(head));
    question what = count_question{parsed->answer(0)};
    auto got = co_await found_by(std::get<std::shared_ptr<tw::pipeline>>(std::move(found)), std::move(what));
    if (!got) {
        log(head, 499);
        co_return false;
    }
    reply out = *got ? reply{.body = "{\"input_tokens\":" + std::to_string(std::get<token_count>(**got).tokens) + "}"}
                     : error_reply(got->error());
    co_return co_await send(std::move(out), std::move(head));
}

/// None when the client has gone meanwhile.
asio::awaitable<std::optional<result<finding>>> connection::found_by(std::shared_ptr<tw::pipeline> pipeline, question what) {
    const auto box = std::make_shared<finding_box>(loop_);
    inquiring_ = box;
    box->ask(shared_.asking, std::move(pipeline), std::move(what));
    http_.watch(shared_from_this(), [this, weak = std::weak_ptr(box)] {
        peer_gone_ = true;
        if (const auto waiting = weak.lock()) waiting->give_up();
    });
    auto got = co_await box->wait();
    inquiring_.reset();
    co_await http_.stop_watching();
    if (peer_gone_) {
        ++shared_.counts.disconnects;
        got.reset();
    }
    co_return got;
}

/// A model that would have to be loaded for it is not asked.
asio::awaitable<bool> connection::show(request_head head, std::string body) {
    auto named = ollama_shown_model(shared_.models, body);
    if (auto* refusal = std::get_if<reply>(&named)) co_return co_await send(std::move(*refusal), std::move(head));
    auto served = shared_.models.find(std::get<std::string>(named));
    auto* const pipeline = std::get_if<std::shared_ptr<tw::pipeline>>(&served);
    std::optional<model_properties> known;
    if (pipeline && (*pipeline)->loaded()) {
        question what = properties_question{};
        auto got = co_await found_by(*pipeline, std::move(what));
        if (!got) {
            log(head, 499);
            co_return false;
        }
        if (*got) known = std::get<model_properties>(std::move(**got));
    }
    auto out = ollama_show_page(known, shared_.counts.started);
    co_return co_await send(std::move(out), std::move(head));
}

} // namespace tw::front
