// Requests and questions out, pieces and findings in; a lost link ends what runs.
#include "peer/remote_pipeline.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace tw::peer {
namespace {

constexpr auto ask_every = std::chrono::seconds{2};
constexpr auto wanted_for = std::chrono::seconds{10};

generation_result ended(finish_reason reason, std::optional<error> failure) {
    generation_result out;
    out.reason = reason;
    out.failure = std::move(failure);
    return out;
}

// What of a request does not cross is refused.
result<void> can_cross(const generation_request& request) {
    if (auto can = only_text(request, "the model is on another machine and reads text only."); !can) return can;
    return without_suffix(request, "what stands behind a gap is not told to another machine.");
}

} // namespace

// An answer or a question that runs there.
class remote_pipeline::remote_answer final : public generation {
  public:
    remote_answer(std::shared_ptr<far_channel> channel, wire::request_id request)
        : channel_(std::move(channel)), request_(request) {}
    void cancel() override { static_cast<void>(channel_->send(wire::cancel{request_})); }

  private:
    const std::shared_ptr<far_channel> channel_;
    const wire::request_id request_;
};

remote_pipeline::remote_pipeline(remote_pipeline_parts parts) : parts_(std::move(parts)) {
    const std::lock_guard lock(mutex_);
    channel_ = peer_link::channels(parts_.peer)->open({parts_.target, wire::role::target, parts_.drafts},
                                             {.opened = [this](const wire::channel_opened& what) { opened(what); },
                                              .frame = [this](wire::message body) { return frame(std::move(body)); },
                                              .away = [this](const std::string& why) { away(why); },
                                              .tick = [this] { tick(); }});
}

remote_pipeline::~remote_pipeline() {
    channel_->close("The other side needs it no more.");
    for (auto& [request, each] : answers_) each.sink->done(ended(finish_reason::cancelled, {}));
    for (auto& [request, each] : questions_) each.done(fail(code::cancelled, "The machine that was asked is needed no more."));
}

error remote_pipeline::unavailable() const {
    auto why = why_away_;
    if (why.empty()) why = parts_.peer->why();
    if (why.empty())
        why = "It has not opened " + (parts_.target.empty() ? "its target" : '"' + parts_.target + '"') + " yet.";
    auto out = fail(code::unavailable, "The peer at " + parts_.peer->url() + ", which answers for \"" + parts_.name +
                                           "\", is not ready: " + why);
    out.retry_after = std::chrono::seconds{1};
    return out;
}

result<std::shared_ptr<generation>> remote_pipeline::start(generation_request request,
                                                           std::shared_ptr<generation_sink> sink) {
    if (auto can = can_cross(request); !can) return can.error();
    if (auto can = without_form_beside_tools(request); !can) return can.error();
    wire::submit frame{0, std::move(request)};
    {
        const std::lock_guard lock(mutex_);
        if (!channel_->is_open()) return unavailable();
        frame.request = ++last_request_;
        answers_[frame.request] = {.sink = std::move(sink)};
    }
    const auto sent = channel_->send(frame);
    if (!sent && sink_of(frame.request, true)) return not_sent(sent.error()); // else it was told already that the link is lost
    return std::make_shared<remote_answer>(channel_, frame.request);
}

result<std::shared_ptr<generation>> remote_pipeline::ask(question what, finding_function done) {
    auto crossing = wire::narrow<wire::target_question>(what);
    if (!crossing) return pipeline::ask(std::move(what), std::move(done));
    if (const auto* counted = std::get_if<count_question>(&what))
        if (auto can = can_cross(counted->request); !can) return can.error();
    const auto theirs = parts_.peer->theirs();
    if (is_up() && theirs && theirs->protocol.minor_number < wire::minor_of_questions)
        return cannot_answer(what, "the peer at " + parts_.peer->url() + " runs Tightwad " + theirs->tightwad +
                                       ", which is too old to be asked; update it.");
    wire::ask frame{0, std::move(*crossing)};
    {
        const std::lock_guard lock(mutex_);
        if (!channel_->is_open()) return unavailable();
        frame.request = ++last_request_;
        questions_[frame.request] = {frame.what.index(), std::move(done)};
    }
    const auto sent = channel_->send(frame);
    if (!sent && finder_of(frame.request)) return not_sent(sent.error()); // else likewise
    return std::make_shared<remote_answer>(channel_, frame.request);
}

error remote_pipeline::not_sent(const error& why) const {
    if (why.code == code::invalid_argument) return why;
    const std::lock_guard lock(mutex_);
    return unavailable();
}

std::shared_ptr<generation_sink> remote_pipeline::sink_of(wire::request_id request, bool last) {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(request);
    if (found == answers_.end()) return nullptr;
    auto sink = found->second.sink;
    if (last) answers_.erase(found);
    return sink;
}

// Empty where nobody waits for that one. It is asked for once.
finding_function remote_pipeline::finder_of(wire::request_id request) {
    const std::lock_guard lock(mutex_);
    auto found = questions_.extract(request);
    return found.empty() ? nullptr : std::move(found.mapped().done);
}

// A call is begun by its name, one after the other; the fronts rely on it.
result<void> remote_pipeline::pass_on(wire::call_piece call) {
    std::shared_ptr<generation_sink> sink;
    {
        const std::lock_guard lock(mutex_);
        const auto found = answers_.find(call.request);
        if (found == answers_.end()) return {};
        auto& begun = found->second.calls;
        const bool first = call.what.index == begun;
        if (call.what.index > begun || first == call.what.more.name.empty())
            return fail(code::corrupt, "The peer sent a piece of tool call " + std::to_string(call.what.index) +
                                           " that is out of order.");
        begun += first ? 1 : 0;
        sink = found->second.sink;
    }
    sink->call(std::move(call.what));
    return {};
}

// The fronts rely on a finding of the kind that was asked for.
result<void> remote_pipeline::pass_on(wire::found reply) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = questions_.find(reply.request);
        if (found != questions_.end() && found->second.kind != reply.what.index())
            return fail(code::corrupt, "The peer replied to a question of kind " + std::to_string(found->second.kind) +
                                           " with what belongs to kind " + std::to_string(reply.what.index()) + ".");
    }
    if (const auto asker = finder_of(reply.request)) asker(wire::widen<finding>(std::move(reply.what)));
    return {};
}

void remote_pipeline::end(wire::request_id request, generation_result outcome) {
    if (const auto sink = sink_of(request, true)) sink->done(std::move(outcome));
}

void remote_pipeline::opened(const wire::channel_opened& what) {
    const std::lock_guard lock(mutex_);
    remote_ = what.engine;
    why_away_.clear();
}

result<void> remote_pipeline::frame(wire::message body) {
    if (auto* piece = std::get_if<wire::piece>(&body)) {
        if (const auto sink = sink_of(piece->request, false))
            sink->text(is_valid_utf8(piece->text) ? piece->text : to_valid_utf8(piece->text));
    } else if (auto* call = std::get_if<wire::call_piece>(&body)) {
        if (const auto out = pass_on(std::move(*call)); !out) return out;
    } else if (auto* likely = std::get_if<wire::likelihoods>(&body)) {
        if (const auto sink = sink_of(likely->request, false)) sink->likelihoods(std::move(likely->tokens));
    } else if (auto* done = std::get_if<wire::done>(&body)) {
        end(done->request, std::move(done->result));
    } else if (auto* found = std::get_if<wire::found>(&body)) {
        if (const auto out = pass_on(std::move(*found)); !out) return out;
    } else if (auto* refused = std::get_if<wire::refused>(&body)) {
        if (const auto asker = finder_of(refused->request)) asker(std::move(refused->why));
        else end(refused->request, ended(finish_reason::failed, std::move(refused->why)));
    } else if (auto* said = std::get_if<wire::status_is>(&body)) {
        const std::lock_guard lock(mutex_);
        said_ = std::move(said->json);
    } else {
        return out_of_place(body, "target");
    }
    return {};
}

void remote_pipeline::away(const std::string& why) {
    std::map<wire::request_id, asked> lost;
    std::map<wire::request_id, open_question> unknown;
    {
        const std::lock_guard lock(mutex_);
        lost.swap(answers_);
        unknown.swap(questions_);
        why_away_ = why;
        said_.clear(); // of a time that is over
    }
    auto failure = fail(code::unavailable, "The peer at " + parts_.peer->url() + " was lost while it answered: " + why);
    failure.retry_after = std::chrono::seconds{1};
    for (auto& [request, each] : lost) each.sink->done(ended(finish_reason::failed, failure));
    for (auto& [request, each] : unknown) each.done(failure);
}

void remote_pipeline::tick() {
    std::shared_ptr<far_channel> channel;
    {
        const std::lock_guard lock(mutex_);
        const auto now = clock::now();
        if (!channel_ || now - wanted_ > wanted_for || now - asked_ < ask_every) return;
        asked_ = now;
        channel = channel_;
    }
    static_cast<void>(channel->send(wire::ask_status{}));
}

nlohmann::json remote_pipeline::status() const {
    std::string said;
    std::optional<wire::served_engine> engine;
    std::size_t running = 0;
    {
        const std::lock_guard lock(mutex_);
        wanted_ = clock::now();
        said = said_;
        engine = remote_;
        running = answers_.size();
    }
    nlohmann::json out{{"name", parts_.name}, {"serves", parts_.serves}, {"peer", parts_.peer->status()},
                       {"up", is_up()},       {"running", running},      {"target", nullptr}};
    if (engine)
        out["target"] = {{"name", engine->name}, {"identity", engine->identity}, {"build", engine->build},
                         {"device", engine->device}, {"context", engine->n_ctx}, {"vocabulary", engine->vocabulary},
                         {"exactness", tw::name(engine->exactness)}};
    if (!parts_.no_draft.empty()) out["speculation"] = {{"why_not", parts_.no_draft}}; // the rest is in "remote"
    auto theirs = nlohmann::json::parse(said, nullptr, false);
    out["remote"] = theirs.is_discarded() ? nlohmann::json(nullptr) : std::move(theirs);
    return out;
}

bool remote_pipeline::is_up() const { return channel_->is_open(); }

std::optional<wire::served_engine> remote_pipeline::remote() const {
    const std::lock_guard lock(mutex_);
    return remote_;
}

std::size_t remote_pipeline::running() const {
    const std::lock_guard lock(mutex_);
    return answers_.size() + questions_.size();
}

} // namespace tw::peer
