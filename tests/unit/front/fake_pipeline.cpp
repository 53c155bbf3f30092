// The scripted answers.
#include "fake_pipeline.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

namespace tw::test {
namespace {

using namespace std::chrono_literals;

std::string script_of(const generation_request& request) {
    if (const auto* messages = std::get_if<std::vector<chat_message>>(&request.input))
        return messages->back().content;
    if (const auto* text = std::get_if<std::string>(&request.input)) return *text;
    std::string out;
    for (const auto id : std::get<token_ids>(request.input))
        out += (out.empty() ? "" : " ") + std::to_string(id);
    return out;
}

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string word; in >> word;)
        out.push_back(word);
    return out;
}

} // namespace

struct fake_pipeline::job : generation {
    generation_request request;
    std::shared_ptr<generation_sink> sink;
    std::mutex mutex;
    std::condition_variable woken;
    bool stop = false;

    void cancel() override {
        const std::lock_guard lock(mutex);
        stop = true;
        woken.notify_all();
    }
    /// True when cancelled meanwhile.
    bool sleep(std::chrono::milliseconds time) {
        std::unique_lock lock(mutex);
        return woken.wait_for(lock, time, [this] { return stop; });
    }
};

fake_pipeline::fake_pipeline(std::vector<std::string> serves) : serves_(std::move(serves)) {}

fake_pipeline::~fake_pipeline() {
    for (const auto& one : jobs_)
        one->cancel();
    for (auto& one : threads_)
        one.join();
}

result<std::shared_ptr<generation>> fake_pipeline::start(generation_request request,
                                                         std::shared_ptr<generation_sink> sink) {
    const auto script = script_of(request);
    if (script == "busy")
        return error{.code = code::busy,
                     .message = "All 4 places in the queue are taken.",
                     .retry_after = 2500ms};
    if (script == "broken") return fail(code::internal, "The engine broke.");
    const auto* messages = std::get_if<std::vector<chat_message>>(&request.input);
    if (script == "overflow" || (messages && messages->size() > 1000))
        return fail(code::context_overflow, "The prompt has 70000 tokens; the context holds 2048.");
    auto started = std::make_shared<job>();
    started->request = std::move(request);
    started->sink = std::move(sink);
    const std::lock_guard lock(mutex_);
    last_ = started->request;
    jobs_.push_back(started);
    ++running_;
    changed_.notify_all();
    threads_.emplace_back([this, started] { run(started); });
    return std::shared_ptr<generation>(started);
}

struct fake_pipeline::open_question : generation {
    explicit open_question(std::function<void()> stop) : stop_(std::move(stop)) {}
    void cancel() override {
        if (auto stop = std::exchange(stop_, nullptr)) stop();
    }

  private:
    std::function<void()> stop_;
};

result<std::shared_ptr<generation>> fake_pipeline::ask(question asked, finding_function done) {
    std::string first;
    finding found;
    if (const auto* text = std::get_if<tokenize_question>(&asked)) {
        first = text->text;
        token_list list;
        for (const char byte : text->text) {
            list.ids.push_back(static_cast<unsigned char>(byte));
            list.pieces.emplace_back(1, byte);
        }
        if (text->bos) list.ids.insert(list.ids.begin(), 1), list.pieces.insert(list.pieces.begin(), "<s>");
        found = std::move(list);
    } else if (const auto* ids = std::get_if<detokenize_question>(&asked)) {
        found = detokenized{std::string(ids->tokens.begin(), ids->tokens.end())};
    } else if (const auto* embed = std::get_if<embed_question>(&asked)) {
        embedding_list list;
        for (const auto& input : embed->inputs) {
            const auto size = std::visit([](const auto& one) { return one.size(); }, input);
            list.vectors.push_back({static_cast<float>(size), 0.5F, embed->truncate ? 1.0F : -1.0F});
            list.prompt_tokens += static_cast<std::int64_t>(size);
        }
        if (const auto* words = std::get_if<std::string>(&embed->inputs.front())) first = *words;
        found = std::move(list);
    } else if (const auto* prompt = std::get_if<count_question>(&asked)) {
        first = script_of(prompt->request);
        found = token_count{static_cast<std::int64_t>(words_of(first).size())};
    } else if (const auto* documents = std::get_if<rerank_question>(&asked)) {
        ranking order{{}, 5};
        for (std::size_t i = 0; i < documents->documents.size(); ++i)
            order.entries.push_back({i, static_cast<double>(documents->documents[i].size())});
        std::stable_sort(order.entries.begin(), order.entries.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
        found = std::move(order);
    } else {
        found = model_properties{.context = 2048, .slots = 4, .model = "fake 1B", .build = "1", .chat_template = "{{x}}", .bos = "<s>", .as_is = {}, .calls_tools = true};
    }
    if (first == "busy") return error{.code = code::busy, .message = "64 requests are waiting.", .retry_after = 2500ms};
    if (first == "broken") return cannot_answer(asked, "it is broken.");
    if (first == "silent") {
        const std::lock_guard lock(mutex_);
        ++running_;
        changed_.notify_all();
        return std::make_shared<open_question>([this, done = std::move(done)] {
            done(fail(code::cancelled, "Nobody waits."));
            const std::lock_guard inner(mutex_);
            --running_, ++cancelled_;
            changed_.notify_all();
        });
    }
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([done = std::move(done), found = std::move(found), failing = first == "fail"] {
        if (failing) done(fail(code::unavailable, "The server went away."));
        else done(found);
    });
    return std::make_shared<answered>();
}

result<void> fake_pipeline::swap_model(const std::string& model) {
    if (model == "none") return fail(code::not_found, "There is no such model.");
    if (model == "other") return fail(code::busy, "Another swap is under way.");
    if (model == "fixed") return pipeline::swap_model(model);
    const std::lock_guard lock(mutex_);
    model_ = model;
    return {};
}

std::string fake_pipeline::model() const {
    const std::lock_guard lock(mutex_);
    return model_;
}

void fake_pipeline::run(const std::shared_ptr<job>& one) {
    auto result = play(*one);
    const bool was_cancelled = result.reason == finish_reason::cancelled;
    one->sink->done(std::move(result));
    one->sink.reset();
    const std::lock_guard lock(mutex_);
    --running_;
    if (was_cancelled) ++cancelled_;
    changed_.notify_all();
}

generation_result fake_pipeline::play(job& one) {
    const auto words = words_of(script_of(one.request));
    const auto verb = words.empty() ? "" : words[0];
    generation_result out;
    out.seed = one.request.sampling.seed;
    out.prompt_tokens = static_cast<std::int64_t>(words.size());
    out.stats = {.rounds = 2,
                 .drafted = 8,
                 .accepted = 6,
                 .tokens = 8,
                 .queue_s = 0.001,
                 .prefill_s = 0.002,
                 .draft_s = 0.25,
                 .verify_s = 0.75,
                 .total_s = 1.003};
    const auto piece = [&](const std::string& text) {
        if (one.request.top_logprobs) one.sink->likelihoods({{{7, text, -0.5}, {}}});
        one.sink->text(text);
        ++out.completion_tokens;
    };
    const auto failed = [&](error why) {
        out.reason = finish_reason::failed;
        out.failure = std::move(why);
        return out;
    };
    const auto cancelled = [&] {
        out.reason = finish_reason::cancelled;
        return out;
    };
    if (!one.request.tools.functions.empty()) {
        const auto tools = nlohmann::json::parse(one.request.tools.functions);
        if (!one.request.tools.required) piece("Let me look.");
        one.sink->call({0, {"", tools[0]["function"]["name"].get<std::string>(), ""}});
        one.sink->call({0, {"", "", R"({"city":)"}});
        one.sink->call({0, {"", "", R"("Rome"})"}});
        return out;
    }
    const auto amount = words.size() > 1 ? std::atoi(words[1].c_str()) : 0;
    if (verb == "fail") {
        if (words.back() == "late") piece("half");
        if (words.back() == "away") return failed(fail(code::unavailable, "The server refused the connection."));
        if (words.back() == "corrupt") return failed(fail(code::corrupt, "The engine's logits are no numbers."));
        return failed(fail(code::internal, "The engine lost its worker 192.168.1.20."));
    }
    if (verb == "busy") return failed({.code = code::busy, .message = "The server asks to wait.", .retry_after = 2500ms});
    if (verb == "silent") return one.sleep(60s) ? cancelled() : out;
    if (verb == "slow" || verb == "flood") {
        for (int i = 0; i < amount; ++i) {
            piece(verb == "slow" ? std::to_string(i) + ' ' : std::string(1000, 'x'));
            if (one.sleep(verb == "slow" ? 3ms : 0ms)) return cancelled();
        }
        return out;
    }
    auto spoken = words;
    if (!one.request.sampling.grammar.empty()) spoken = {R"({"people":)", "2,", R"("city":)", R"("Rome"})"};
    else if (one.request.sampling.temperature > 0) spoken.push_back("seed=" + std::to_string(out.seed));
    for (std::size_t i = 0; i < spoken.size(); ++i) {
        if (one.request.max_tokens && out.completion_tokens >= *one.request.max_tokens) {
            out.reason = finish_reason::length;
            return out;
        }
        piece((i == 0 ? "" : " ") + spoken[i]);
    }
    return out;
}

nlohmann::json fake_pipeline::status() const {
    const std::lock_guard lock(mutex_);
    return {{"name", name_}, {"running", running_}, {"stats", {{"requests", jobs_.size()}}},
            {"remote", {{"pipeline", {{"slots", {{"total", 3}}}}}}}};
}

bool fake_pipeline::wait_running(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return running_ == count; });
}

bool fake_pipeline::wait_cancelled(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return cancelled_ >= count; });
}

generation_request fake_pipeline::last_request() const {
    const std::lock_guard lock(mutex_);
    return last_;
}

} // namespace tw::test
