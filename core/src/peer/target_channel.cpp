// Requests and questions to the pipeline, what it says to frames. What may wait happens on the host's own threads.
#include "peer/target_channel.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"

namespace tw::peer {
namespace {

error not_json(const char* param, const std::string& what) {
    return {.code = code::invalid_argument, .message = "The asking host sent " + what + ".", .param = param};
}

bool is_json(const std::string& text, nlohmann::json::value_t type) {
    if (json_deeper_than(text, max_json_depth)) return false;
    return nlohmann::json::parse(text, nullptr, false).type() == type;
}

// What is parsed further in is JSON there.
result<void> check_json(const generation_request& what) {
    using type = nlohmann::json::value_t;
    if (!what.sampling.grammar.empty() && !is_json(what.sampling.grammar, type::object))
        return not_json("grammar", "a form for the answer that is no JSON object");
    if (!what.tools.functions.empty() && !is_json(what.tools.functions, type::array))
        return not_json("tools", "functions that are no JSON array");
    if (const auto* messages = std::get_if<std::vector<chat_message>>(&what.input))
        for (const auto& message : *messages)
            for (const auto& call : message.calls)
                if (!is_json(call.arguments, type::object))
                    return not_json("messages", "a call of '" + call.name + "' whose arguments are no JSON object");
    return {};
}

} // namespace

target_channel::target_channel(const std::shared_ptr<frame_link>& link, std::uint32_t number,
                               std::shared_ptr<served_target> target, std::shared_ptr<channel_book> back,
                               std::shared_ptr<host_state> host)
    : target_(std::move(target)), back_(std::move(back)), host_(std::move(host)),
      answers_(std::make_shared<running_answers>(link, number)) {}

void target_channel::begin(std::vector<wire::draft_way> drafts) {
    static_cast<void>(answers_->send(wire::channel_opened{target_->engine, 0}));
    if (drafts.empty()) return;
    host_->housekeeping->post([self = shared_from_this(), drafts = std::move(drafts)] {
        if (self->answers_->is_over()) return;
        for (const auto& each : drafts)
            self->routes_.push_back(std::make_unique<drafter_route>(each, self->target_, self->back_, self->host_->links,
                                                                    self->host_->direct_within, self->host_->public_only));
    });
}

void target_channel::tick() {
    for (const auto& each : routes_) each->tick();
}

result<void> target_channel::received(wire::message body) {
    if (auto* what = std::get_if<wire::submit>(&body))
        return admit(what->request, *host_->starts, [self = shared_from_this(), asked = std::move(*what)]() mutable {
            self->start(std::move(asked));
        });
    if (auto* what = std::get_if<wire::ask>(&body))
        return admit(what->request, *host_->questions, [self = shared_from_this(), asked = std::move(*what)]() mutable {
            self->ask(std::move(asked));
        });
    if (const auto* what = std::get_if<wire::cancel>(&body)) answers_->cancel(what->request);
    else if (!std::holds_alternative<wire::ask_status>(body)) return out_of_place(body, "target");
    else if (!asked_.exchange(true)) host_->housekeeping->post([self = shared_from_this()] { self->say_status(); });
    return {};
}

result<void> target_channel::admit(wire::request_id request, errands& where, std::function<void()> job) {
    const auto added = answers_->add(request);
    if (added) {
        where.post(std::move(job));
        return {};
    }
    if (added.error().code != code::busy) return added.error();
    static_cast<void>(answers_->send(wire::refused{request, added.error()}));
    return {};
}

void target_channel::start(wire::submit what) {
    if (answers_->is_over()) return;
    if (const auto good = check_json(what.what); !good) return answers_->refuse(what.request, good.error());
    auto running = target_->answers->start(std::move(what.what), answers_->sink(what.request));
    if (running) answers_->started(what.request, std::move(*running));
    else answers_->refuse(what.request, running.error());
}

void target_channel::ask(wire::ask what) {
    if (!answers_->is_wanted(what.request))
        return answers_->refuse(what.request, fail(code::cancelled, "Nobody waits for the reply any more."));
    if (const auto* counted = std::get_if<count_question>(&what.what))
        if (const auto good = check_json(counted->request); !good) return answers_->refuse(what.request, good.error());
    auto running = target_->answers->ask(wire::widen<question>(std::move(what.what)), answers_->finder(what.request));
    if (running) answers_->started(what.request, std::move(*running));
    else answers_->refuse(what.request, running.error());
}

void target_channel::say_status() {
    asked_ = false;
    auto drafts = nlohmann::json::array();
    for (const auto& each : routes_) drafts.push_back(each->status());
    const nlohmann::json all{{"pipeline", target_->answers->status()}, {"drafts", std::move(drafts)}};
    auto text = all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() > wire::max_status_bytes) text = "{}";
    static_cast<void>(answers_->send(wire::status_is{std::move(text)}));
}

void target_channel::closed(const std::string&) {
    answers_->end();
    host_->housekeeping->post([self = shared_from_this()] { self->routes_.clear(); });
}

} // namespace tw::peer
