// Tokenizes where it is asked, computes on a thread of its own.
#include "pipeline/embedding_pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/engine_questions.hpp"

namespace tw {

class embedding_pipeline::job final : public generation {
  public:
    job(std::vector<token_ids> texts, finding_function done) : texts_(std::move(texts)), done_(std::move(done)) {}

    void cancel() override { cancelled_ = true; }
    [[nodiscard]] bool cancelled() const { return cancelled_; }
    [[nodiscard]] const std::vector<token_ids>& texts() const { return texts_; }
    [[nodiscard]] std::size_t tokens() const {
        std::size_t sum = 0;
        for (const auto& text : texts_) sum += text.size();
        return sum;
    }
    void finish(result<finding> found) { std::exchange(done_, nullptr)(std::move(found)); }

  private:
    std::vector<token_ids> texts_;
    finding_function done_;
    std::atomic<bool> cancelled_ = false;
};

namespace {

// The query is split into tokens anew beside each document, since a model's prompt may join the two: so much of it in all.
constexpr std::size_t most_query_bytes = std::size_t{32} << 20U;

// The tokens of `n` texts, or what is wrong with the first that is refused.
template <class TokensOf> result<std::vector<token_ids>> all_of(std::size_t n, TokensOf tokens_of) {
    std::vector<token_ids> out;
    for (std::size_t i = 0; i < n; ++i) {
        auto tokens = tokens_of(i);
        if (!tokens) return tokens.error();
        out.push_back(std::move(*tokens));
    }
    return out;
}

// To length 1; a vector of zeros stays one.
std::vector<float> normalized(std::span<const float> raw) {
    double squares = 0;
    for (const auto x : raw) squares += double(x) * double(x);
    const auto scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
    std::vector<float> out;
    out.reserve(raw.size());
    for (const auto x : raw) out.push_back(static_cast<float>(double(x) * scale));
    return out;
}

} // namespace

embedding_pipeline::embedding_pipeline(embedding_pipeline_parts parts)
    : parts_(std::move(parts)), worker_([this] { work(); }) {}

embedding_pipeline::~embedding_pipeline() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (const auto& each : queue_) each->cancel();
        if (running_) running_->cancel();
        changed_.notify_all();
    }
    worker_.join();
}

std::string embedding_pipeline::purpose() const { return parts_.ranks ? "puts documents in order" : "makes embeddings"; }

error embedding_pipeline::no_answers() const {
    return error{.code = code::unsupported,
                 .message = "The model '" + parts_.serves.front() + "' " + purpose() + " and gives no answers; ask for it at " +
                            (parts_.ranks ? "/v1/rerank." : "/v1/embeddings."),
                 .param = "model"};
}

result<std::shared_ptr<generation>> embedding_pipeline::start(generation_request, std::shared_ptr<generation_sink>) {
    return no_answers();
}

result<token_ids> embedding_pipeline::tokens_of(const embed_question& asked, std::size_t index) const {
    const auto& model = *parts_.model;
    const auto wrong = [&](code what, std::string sentence) {
        return error{.code = what, .message = std::move(sentence), .param = "input[" + std::to_string(index) + "]"};
    };
    token_ids tokens;
    if (const auto* text = std::get_if<std::string>(&asked.inputs[index])) {
        auto found = model.tokenize(*text, true, true);
        if (!found) return found.error();
        tokens = std::move(*found);
    } else {
        tokens = std::get<token_ids>(asked.inputs[index]);
    }
    for (const auto id : tokens)
        if (id < 0 || id >= model.info().n_vocab)
            return wrong(code::invalid_argument, "Token id " + std::to_string(id) + " of the input is not in the vocabulary, "
                                                 "whose ids run from 0 to " + std::to_string(model.info().n_vocab - 1) + ".");
    if (tokens.empty()) return wrong(code::invalid_argument, "The input is empty; there is nothing to embed.");
    const auto most = static_cast<std::size_t>(parts_.sizes.n_tokens);
    if (tokens.size() > most && !asked.truncate)
        return wrong(code::context_overflow, "The input has " + std::to_string(tokens.size()) + " tokens; this model takes at "
                                             "most " + std::to_string(most) + ". Cut it into pieces.");
    if (tokens.size() > most) tokens.resize(most);
    return tokens;
}

result<token_ids> embedding_pipeline::tokens_of(const rerank_question& asked, std::size_t index) const {
    const auto wrong = [&](code what, std::string sentence) {
        return error{.code = what, .message = std::move(sentence), .param = "documents[" + std::to_string(index) + "]"};
    };
    auto tokens = parts_.model->pair(asked.query, asked.documents[index]);
    if (!tokens) return tokens.error();
    if (tokens->empty()) return wrong(code::invalid_argument, "The query and this document are empty; there is nothing to compare.");
    const auto most = static_cast<std::size_t>(parts_.sizes.n_tokens);
    if (tokens->size() > most)
        return wrong(code::context_overflow, "The query and this document have " + std::to_string(tokens->size()) +
                                             " tokens together; this model takes at most " + std::to_string(most) +
                                             ". Cut the document into pieces.");
    tokens->shrink_to_fit(); // it waits in the queue, and had room for a token a byte
    return tokens;
}

result<std::vector<token_ids>> embedding_pipeline::texts_of(const embed_question& asked) const {
    if (asked.dimensions && *asked.dimensions != parts_.sizes.dimensions)
        return error{.code = code::unsupported,
                     .message = "'dimensions' is " + std::to_string(*asked.dimensions) + "; this model's vectors have " +
                                std::to_string(parts_.sizes.dimensions) + ", and are not shortened here. Leave 'dimensions' out.",
                     .param = "dimensions"};
    return all_of(asked.inputs.size(), [&](std::size_t i) { return tokens_of(asked, i); });
}

result<std::vector<token_ids>> embedding_pipeline::texts_of(const rerank_question& asked) const {
    if (asked.query.size() * asked.documents.size() > most_query_bytes)
        return error{.code = code::invalid_argument,
                     .message = "The query is " + std::to_string(asked.query.size()) + " bytes long, which is too much beside " +
                                std::to_string(asked.documents.size()) + " documents. Shorten it, or send fewer at a time.",
                     .param = "query"};
    return all_of(asked.documents.size(), [&](std::size_t i) { return tokens_of(asked, i); });
}

result<std::shared_ptr<generation>> embedding_pipeline::ask(question asked, finding_function done) {
    if (auto found = about_engine(*parts_.model, asked)) {
        if (auto* known = found->has_value() ? std::get_if<model_properties>(&**found) : nullptr) {
            known->embeds = !parts_.ranks;
            known->ranks = parts_.ranks;
        }
        done(std::move(*found));
        return std::make_shared<answered>();
    }
    if (std::holds_alternative<count_question>(asked)) return no_answers();
    const auto* to_embed = std::get_if<embed_question>(&asked);
    const auto* to_rank = std::get_if<rerank_question>(&asked);
    if (parts_.ranks ? to_rank == nullptr : to_embed == nullptr) return cannot_answer(asked, "the model " + purpose() + ".");
    auto texts = parts_.ranks ? texts_of(*to_rank) : texts_of(*to_embed);
    if (!texts) return texts.error();
    auto made = std::make_shared<job>(std::move(*texts), std::move(done));
    const std::lock_guard lock(mutex_);
    const auto before = waiting() + (running_ ? 1 : 0);
    if (before > parts_.queue) {
        auto busy = fail(code::busy, "The model " + purpose() + " for one request at a time, and " + std::to_string(before) +
                                         " are being served or waiting. Try again in a moment.");
        busy.retry_after = std::chrono::seconds{1};
        return busy;
    }
    queue_.push_back(made);
    ++requests_;
    changed_.notify_all();
    return made;
}

std::ptrdiff_t embedding_pipeline::waiting() const {
    return std::count_if(queue_.begin(), queue_.end(), [](const auto& each) { return !each->cancelled(); });
}

void embedding_pipeline::work() {
    while (true) {
        {
            std::unique_lock lock(mutex_);
            running_.reset();
            changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            running_ = std::move(queue_.front());
            queue_.pop_front();
        }
        const auto current = running_; // this thread alone changes it
        auto found = compute(*current);
        if (found) {
            const std::lock_guard lock(mutex_);
            tokens_ += current->tokens();
        }
        current->finish(std::move(found));
    }
}

result<finding> embedding_pipeline::compute(const job& what) {
    const auto& sizes = parts_.sizes;
    const auto width = static_cast<std::size_t>(sizes.dimensions);
    const std::span<const token_ids> texts = what.texts();
    const auto tokens_of_all = static_cast<std::int64_t>(what.tokens());
    embedding_list list{{}, tokens_of_all};
    ranking order{{}, tokens_of_all};
    std::vector<float> raw;
    for (std::size_t first = 0; first < texts.size();) {
        if (what.cancelled()) return fail(code::cancelled, "Nobody waited for what was asked.");
        std::size_t n = 0, tokens = 0;
        while (first + n < texts.size() && n < static_cast<std::size_t>(sizes.n_texts) &&
               tokens + texts[first + n].size() <= static_cast<std::size_t>(sizes.n_tokens))
            tokens += texts[first + n++].size();
        raw.resize(n * width);
        const auto some = texts.subspan(first, n);
        const auto done = parts_.ranks ? parts_.model->score(some, raw) : parts_.model->embed(some, sizes, raw);
        if (!done) return done.error();
        for (std::size_t i = 0; i < n; ++i)
            if (parts_.ranks) order.entries.push_back({first + i, raw[i]});
            else list.vectors.push_back(normalized(std::span(raw).subspan(i * width, width)));
        first += n;
    }
    if (!parts_.ranks) return list;
    std::stable_sort(order.entries.begin(), order.entries.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    return order;
}

nlohmann::json embedding_pipeline::status() const {
    const auto& info = parts_.model->info();
    nlohmann::json target{
        {"name", parts_.target}, {"model", info.model}, {"device", info.device}, {"context", parts_.sizes.n_tokens}};
    if (parts_.ranks) target["ranks"] = true;
    else target["embeddings"] = true, target["dimensions"] = parts_.sizes.dimensions;
    const std::lock_guard lock(mutex_);
    return {
        {"name", parts_.name},
        {"serves", parts_.serves},
        {"target", std::move(target)},
        {"draft", nullptr},
        {"speculation", {{"active", false}, {"why_not", "The model " + purpose() + "."}}},
        {"slots", {{"total", 1}, {"active", running_ ? 1 : 0}, {"queued", waiting()}}},
        {"stats", {{"requests", requests_}, {"tokens", tokens_}}},
    };
}

} // namespace tw
