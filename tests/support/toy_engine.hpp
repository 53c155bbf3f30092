// A small deterministic language model behind the engine contract, for tests of the host: its logits are
// a hash of the whole prefix, and it refuses every row that breaks a rule of the contract.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tightwad/sdk/chat_template.hpp>
#include <tightwad/sdk/embedding.hpp>
#include <tightwad/sdk/engine.hpp>
#include <tightwad/sdk/grammar.hpp>
#include <tightwad/sdk/json.hpp>
#include <tightwad/sdk/ranking.hpp>

namespace toy {

// 0 = bos, 1 = end of generation, 2 … 27 = a … z, 28 = space, 29 … 31 = the three bytes of "€".
inline constexpr std::int32_t n_vocab = 32;

// Options: slots, context; `disturb` 0 … 1 mixes in another model's logits (a worse drafter has more);
// `eog` is added to the end token's logit; `fail_at` fails the n-th decode (1-based, once);
// `delay_us` slows each decode, `stall_ms` every `stall_every`-th one; `other_vocabulary` spells one token otherwise;
// `beside`: other logits where a pass has rows of several sequences; `shapes` that many changes of the rows a pass has and
// wants are borne, the next one fails; `truncates`: whether a sequence can be cut back; `shares_cores`: one pass at a time,
// of all engines that say so.
class engine : public tw::sdk::engine {
  public:
    static void check(const tw::sdk::config&) {}

    engine(tw::sdk::host, const tw::sdk::config& config, tw::sdk::progress progress)
        : slots_(config.integer("slots", 4, 1, 64)), context_(config.integer("context", 256, 2, 1 << 20)),
          fail_at_(config.integer("fail_at", 0)), delay_us_(config.integer("delay_us", 0)),
          stall_ms_(config.integer("stall_ms", 0)), stall_every_(config.integer("stall_every", 1)),
          disturb_(static_cast<float>(config.number("disturb", 0))), eog_(static_cast<float>(config.number("eog", 0))),
          beside_(config.boolean("beside", false)), shapes_(config.integer("shapes", 1 << 30)), truncates_(config.boolean("truncates", true)),
          shares_cores_(config.boolean("shares_cores", false)), caches_(static_cast<std::size_t>(slots_)) {
        progress.report(1);
        for (std::int32_t id = 0; id < n_vocab; ++id) pieces_.push_back(spell(id));
        if (config.boolean("other_vocabulary", false)) pieces_[5] = "D";
        if (config.boolean("infill", false)) pieces_[25] = "<fim_prefix>", pieces_[26] = "<fim_suffix>", pieces_[27] = "<fim_middle>";
    }

    [[nodiscard]] tw::sdk::engine_info info() const {
        return {.n_vocab = n_vocab, .n_ctx = context_, .n_seq = slots_, .n_batch = 64, .bos = 0, .add_bos = true,
                .truncates = truncates_, .weight_bytes = 1, .model = "toy", .device = "test", .build = "1",
                .chat_template = ""};
    }
    [[nodiscard]] tw::sdk::token_info token(std::int32_t id) const {
        const auto flags = id == 0 ? std::uint32_t{TW_TOKEN_CONTROL}
                           : id == 1 ? std::uint32_t{TW_TOKEN_CONTROL | TW_TOKEN_EOG} : 0U;
        const auto& piece = pieces_[static_cast<std::size_t>(id)];
        return {.flags = flags, .attributes = 0, .text = piece, .piece = id < 2 ? std::string_view{} : piece};
    }
    [[nodiscard]] std::vector<std::int32_t> tokenize(std::string_view text, bool special, bool bos) const {
        std::vector<std::int32_t> out;
        if (bos) out.push_back(0);
        while (!text.empty()) {
            const std::int32_t control = text.starts_with(pieces_[0]) ? 0 : text.starts_with(pieces_[1]) ? 1 : -1;
            if (special && control >= 0) {
                out.push_back(control);
                text.remove_prefix(pieces_[static_cast<std::size_t>(control)].size());
                continue;
            }
            const char c = text.front();
            out.push_back(c >= 'a' && c <= 'z' ? 2 + (c - 'a') : 28);
            text.remove_prefix(1);
        }
        return out;
    }

    tw::sdk::logits decode(std::span<const tw_row> rows) {
        using tw::sdk::failure;
        static std::mutex cores;
        std::unique_lock turn(cores, std::defer_lock);
        if (shares_cores_) turn.lock();
        if (++decodes_ == fail_at_) throw failure(TW_INTERNAL, "The toy engine was told to fail here.");
        if (stall_ms_ > 0 && decodes_ % stall_every_ == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(stall_ms_));
        if (delay_us_ > 0) std::this_thread::sleep_for(std::chrono::microseconds(delay_us_));
        if (rows.empty() || rows.size() > 64) throw failure(TW_INVALID_ARGUMENT, "rows: " + std::to_string(rows.size()));
        const auto wanted = std::count_if(rows.begin(), rows.end(), [](const tw_row& row) { return row.want_logits != 0; });
        const auto before = std::exchange(shape_, {rows.size(), wanted});
        if (before != shape_ && shapes_-- == 0) throw failure(TW_INTERNAL, "The toy engine bears no other shape.");
        logits_.clear();
        const std::uint64_t crowd = beside_ && !rows.empty() && rows.front().seq != rows.back().seq ? 977 : 0;
        std::int32_t n_rows = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto& row = rows[i];
            if (i > 0 && row.seq < rows[i - 1].seq) throw failure(TW_INVALID_ARGUMENT, "The rows are not sorted.");
            auto& cache = caches_.at(static_cast<std::size_t>(row.seq));
            if (row.pos != static_cast<std::int32_t>(cache.size()))
                throw failure(TW_INVALID_ARGUMENT, "Position " + std::to_string(row.pos) + " after " +
                                                       std::to_string(cache.size()) + " cached tokens.");
            if (row.pos >= context_) throw failure(TW_CONTEXT_OVERFLOW, "The toy context is full.");
            if (row.token < 0 || row.token >= n_vocab) throw failure(TW_INVALID_ARGUMENT, "No such token.");
            cache.push_back(mix((cache.empty() ? 7 : cache.back()) ^ static_cast<std::uint64_t>(row.token + 1)));
            if (row.want_logits == 0) continue;
            ++n_rows;
            for (std::int32_t id = 0; id < n_vocab; ++id) {
                const auto own = unit(mix(cache.back() + crowd + static_cast<std::uint64_t>(id)));
                const auto other = unit(mix(cache.back() * 31 + static_cast<std::uint64_t>(id)));
                logits_.push_back(6 * (own * (1 - disturb_) + other * disturb_) + (id == 1 ? eog_ - 4 : 0) -
                                  (id == 0 ? 50.0F : 0.0F));
            }
        }
        return {.data = n_rows == 0 ? nullptr : logits_.data(), .n_rows = n_rows, .n_vocab = n_vocab};
    }
    void truncate(std::int32_t seq, std::int32_t length) {
        auto& cache = caches_.at(static_cast<std::size_t>(seq));
        if (!truncates_ && length > 0 && static_cast<std::size_t>(length) < cache.size())
            throw tw::sdk::failure(TW_UNSUPPORTED, "The toy engine was told to keep what it has.");
        if (static_cast<std::size_t>(length) < cache.size()) cache.resize(static_cast<std::size_t>(length));
    }

  private:
    static std::string spell(std::int32_t id) {
        if (id == 0) return "<s>";
        if (id == 1) return "</s>";
        if (id < 28) return std::string(1, static_cast<char>('a' + id - 2));
        if (id == 28) return " ";
        return std::string(1, "\xE2\x82\xAC"[id - 29]);
    }
    static std::uint64_t mix(std::uint64_t x) {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
        return x ^ (x >> 31);
    }
    static float unit(std::uint64_t x) { return static_cast<float>(x >> 40) * 0x1p-24F; }

    std::int32_t slots_, context_;
    std::int64_t fail_at_, delay_us_, stall_ms_, stall_every_, decodes_ = 0;
    float disturb_, eog_;
    bool beside_;
    std::int64_t shapes_;
    bool truncates_, shares_cores_;
    std::pair<std::size_t, std::int64_t> shape_; // of the last pass: rows, wanted ones
    std::vector<std::string> pieces_;
    std::vector<std::vector<std::uint64_t>> caches_; // per sequence, the digest of each prefix
    std::vector<float> logits_;
};

inline const tw_engine_v1& api() {
    return *static_cast<const tw_engine_v1*>(tw::sdk::engine::query<engine>(TW_ENGINE_V1));
}

// {"gbnf": "abc xyz"}: one letter of each set in turn, then the end. With " *" behind them the sets begin anew instead,
// and the answer may also end where they do. "!" as a set allows nothing.
class grammar : public tw::sdk::grammar {
  public:
    using engine = toy::engine;

    grammar(const engine&, std::string_view spec_json) {
        const auto gbnf = tw::sdk::json::value::parse(spec_json).find("gbnf");
        if (!gbnf) throw tw::sdk::failure(TW_UNSUPPORTED, "The toy grammar reads \"gbnf\" only.");
        auto rest = gbnf->as_string() + " ";
        for (std::size_t end = 0; (end = rest.find(' ')) != std::string::npos; rest.erase(0, end + 1))
            sets_.push_back(rest.substr(0, end));
        cycles_ = sets_.back() == "*";
        if (cycles_) sets_.pop_back();
        for (const auto& set : sets_)
            if (set.empty()) throw tw::sdk::failure(TW_INVALID_ARGUMENT, "A set of the toy grammar is empty.");
    }

    void allowed(std::span<const std::int32_t> tokens, std::span<std::uint8_t> out) const {
        const bool over = at_ == sets_.size(), may_end = over || (cycles_ && at_ == 0 && begun_);
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const auto token = tokens[i];
            const char letter = token >= 2 && token < 28 ? static_cast<char>('a' + token - 2) : ' ';
            out[i] = token == 1 ? may_end : !over && sets_[at_].find(letter) != std::string::npos;
        }
    }
    void accept(std::int32_t token) {
        std::uint8_t can = 0;
        allowed({&token, 1}, {&can, 1});
        if (can == 0) throw tw::sdk::failure(TW_INVALID_ARGUMENT, "The toy grammar does not allow this token.");
        if (token == 1) return;
        begun_ = true;
        ++at_;
        if (cycles_ && at_ == sets_.size()) at_ = 0;
    }

  private:
    std::vector<std::string> sets_;
    std::size_t at_ = 0;
    bool cycles_ = false, begun_ = false;
};

inline const tw_grammar_v1& grammar_api() {
    return *static_cast<const tw_grammar_v1*>(tw::sdk::grammar::query<grammar>(TW_GRAMMAR_V1));
}

// A text's vector is its first token, its last one and its length; "z" alone has one of zeros. A pass of several texts
// is remembered.
class embedding : public tw::sdk::embedding {
  public:
    using engine = toy::engine;
    static inline std::vector<std::size_t> passes{}; // how many texts each had

    [[nodiscard]] static tw::sdk::embedding_info info(const engine& of) {
        return {.dimensions = 3, .n_tokens = of.info().n_ctx, .n_texts = of.info().n_seq};
    }
    static void embed(engine&, std::span<const tw_embedding_text> texts, std::span<float> out) {
        passes.push_back(texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const auto& text = texts[i];
            const bool none = text.n == 2 && text.tokens[1] == 27;
            out[3 * i] = none ? 0 : static_cast<float>(text.tokens[0]);
            out[3 * i + 1] = none ? 0 : static_cast<float>(text.tokens[text.n - 1]);
            out[3 * i + 2] = none ? 0 : static_cast<float>(text.n);
        }
    }
};

inline const tw_embedding_v1& embedding_api() {
    return *static_cast<const tw_embedding_v1*>(tw::sdk::embedding::query<embedding>(TW_EMBEDDING_V1));
}

// A pair is bos, the query, the end and the document; its score is how far its last letter is from "m", earlier ones above
// zero. A pass of several pairs is remembered; none is computed while somebody holds `gate`.
class ranking : public tw::sdk::ranking {
  public:
    using engine = toy::engine;
    static inline std::vector<std::size_t> passes{}; // how many pairs each had
    static inline std::mutex gate{};

    [[nodiscard]] static tw::sdk::ranking_info info(const engine& of) {
        return {.n_tokens = of.info().n_ctx, .n_pairs = of.info().n_seq};
    }
    [[nodiscard]] static std::vector<std::int32_t> pair(const engine& of, std::string_view asked, std::string_view document) {
        auto out = of.tokenize(asked, false, true);
        out.push_back(1);
        for (const auto id : of.tokenize(document, false, false)) out.push_back(id);
        return out;
    }
    static void score(engine&, std::span<const tw_embedding_text> pairs, std::span<float> out) {
        const std::lock_guard lock(gate);
        passes.push_back(pairs.size());
        for (std::size_t i = 0; i < pairs.size(); ++i)
            out[i] = static_cast<float>(14 - pairs[i].tokens[pairs[i].n - 1]);
    }
};

inline const tw_ranking_v1& ranking_api() {
    return *static_cast<const tw_ranking_v1*>(tw::sdk::ranking::query<ranking>(TW_RANKING_V1));
}

// Writes every message as "<s>content</s>".
class chat_template : public tw::sdk::chat_template {
  public:
    chat_template(tw::sdk::host, std::string_view) {}
    [[nodiscard]] std::string render(const std::vector<tw::sdk::message>& messages) const {
        std::string out;
        for (const auto& message : messages) out += "<s>" + message.content + "</s>";
        return out;
    }
    [[nodiscard]] std::vector<std::string> stops() const { return {}; }
};

inline const tw_chat_template_v1& chat_api() {
    return *static_cast<const tw_chat_template_v1*>(tw::sdk::chat_template::query<chat_template>(TW_CHAT_TEMPLATE_V1));
}

} // namespace toy
