// Counts, then tokens by their bytes or texts by their tokens.
#include "speculation/server_vocabulary.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"
#include "base/text.hpp"
#include "bridge/wait_for_reply.hpp"

namespace tw {
namespace {

using nlohmann::json;

constexpr std::int32_t sampled = 1024; // tokens of the vocabulary
constexpr const char* choose = " Choose a draft of the target's family.";

std::string in_quotes(std::string_view text) {
    constexpr std::size_t shown = 40;
    return '"' + std::string(cut_utf8(text, shown)) + (text.size() > shown ? "…\"" : "\"");
}

// Pieces that are text by themselves, from all over the vocabulary, control tokens by their names.
std::string text_of_vocabulary(const engine& target) {
    std::string out;
    const auto n = target.info().n_vocab;
    const auto step = std::max(1, n / sampled);
    std::int32_t controls = 0;
    for (std::int32_t id = 0; id < n; ++id) {
        const auto& token = target.vocabulary()[static_cast<std::size_t>(id)];
        const bool control = (token.flags & TW_TOKEN_CONTROL) != 0 && controls < sampled / 4;
        if (!control && id % step != 0) continue;
        const auto& text = control ? token.text : token.piece;
        if (text.empty() || !is_valid_utf8(text) || text.find('\0') != std::string::npos) continue;
        controls += control ? 1 : 0;
        out += text;
        out += ' ';
    }
    return out;
}

json read(const std::string& reply) {
    if (json_deeper_than(reply, max_json_depth)) return {};
    return json::parse(reply, nullptr, false);
}

std::int64_t number(const json& from, const char* key) {
    const auto found = from.is_object() ? from.find(key) : from.end();
    return from.is_object() && found != from.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::optional<std::vector<std::int64_t>> ids_of(const json& reply) {
    const auto list = reply.is_object() ? reply.find("tokens") : reply.end();
    if (!reply.is_object() || list == reply.end() || !list->is_array()) return {};
    std::vector<std::int64_t> out;
    for (const auto& each : *list) {
        const auto& id = each.is_object() && each.contains("id") ? each["id"] : each;
        if (!id.is_number_integer()) return {};
        out.push_back(id.get<std::int64_t>());
    }
    return out;
}

// Of a list of texts, and of lists of bytes where these are none.
std::optional<std::vector<std::string>> bytes_of(const json& pieces) {
    std::vector<std::string> out;
    out.reserve(pieces.size());
    for (const auto& piece : pieces) {
        auto& bytes = out.emplace_back();
        if (piece.is_string()) {
            bytes = piece.get_ref<const std::string&>();
            continue;
        }
        if (!piece.is_array()) return {};
        for (const auto& byte : piece) {
            if (!byte.is_number_integer()) return {};
            bytes.push_back(static_cast<char>(byte.get<std::int64_t>()));
        }
    }
    return out;
}

error nonsense(const std::string& draft, const char* what) {
    return fail(code::corrupt, "The server of the draft '" + draft + "' was asked for " + what + " and answered something else.");
}

// Where the text around token `at` is spelled otherwise, in the target's own words.
std::string difference(const vocabulary_sample::probe& probe, const std::vector<std::int64_t>& theirs) {
    std::size_t at = 0;
    while (at < std::min(probe.ids.size(), theirs.size()) && probe.ids[at] == theirs[at]) ++at;
    const auto said = [&](const auto& ids) { return at < ids.size() ? "id " + std::to_string(ids[at]) : std::string("nothing"); };
    return "token " + std::to_string(at) + " of the text " + in_quotes(probe.text) + " is " + said(theirs) + " there and " +
           said(probe.ids) + " in the target";
}

error unlike(const std::string& draft, const vocabulary_sample& target, const std::string& how) {
    return fail(code::unsupported, "The draft '" + draft + "' and the target '" + target.target + "' have different vocabularies, "
                                   "so no draft could be verified: " + how + "." + choose);
}

result<void> compare_pieces(const json& pieces, const std::string& draft, const vocabulary_sample& target) {
    const auto theirs = bytes_of(pieces);
    if (!theirs || theirs->size() != static_cast<std::size_t>(target.n_vocab)) return nonsense(draft, "its tokens");
    if (target.spelled.empty())
        return fail(code::unavailable, "The target '" + target.target + "' did not say what its tokens stand for.");
    const auto shown = [](const std::string& bytes) { return json(to_valid_utf8(bytes)).dump(); };
    for (const auto& [id, bytes] : target.spelled)
        if (const auto& other = theirs->at(static_cast<std::size_t>(id)); other != bytes)
            return unlike(draft, target, "token " + std::to_string(id) + " is " + shown(other) + " there and " + shown(bytes) +
                                             " in the target");
    return {};
}

result<void> compare_texts(backend& server, const std::string& draft, const vocabulary_sample& target,
                           std::chrono::milliseconds within, const std::stop_token& stop) {
    for (const auto& probe : target.probes) {
        const json question{{"content", probe.text}, {"add_special", true}, {"parse_special", true}};
        const auto reply = ask_and_wait(server, "tokenize", question.dump(), within, stop);
        if (!reply) return reply.error();
        const auto theirs = ids_of(read(*reply));
        if (!theirs) return nonsense(draft, "the tokens of a text");
        if (!std::ranges::equal(*theirs, probe.ids)) return unlike(draft, target, difference(probe, *theirs));
    }
    return {};
}

} // namespace

std::string_view probing_text() {
    return "Once upon a time, don't you know?\n\n\tif (x1 >= 0x2A) {  return \"naïve\"; }  // 3.14 1234567890 $9,999.00\r\n"
           "    Straße Привет 世界 こん שלום — … 😀"
           "<s></s><unk><|im_start|>user<|im_end|><|endoftext|><|eot_id|><start_of_turn>[INST]<think>";
}

std::string other_vocabulary(const std::string& draft, std::int32_t draft_tokens, const std::string& target,
                             std::int32_t target_tokens) {
    return "The draft '" + draft + "' (" + std::to_string(draft_tokens) + " tokens) and the target '" + target + "' (" +
           std::to_string(target_tokens) + " tokens) have different vocabularies, so no draft could be verified." + choose;
}

result<vocabulary_sample> sample_of(const engine& target, std::string name) {
    vocabulary_sample out{std::move(name), target.info().n_vocab, {}, {}};
    for (auto text : {std::string(probing_text()), text_of_vocabulary(target)}) {
        auto ids = target.tokenize(text, true, true);
        if (!ids) return ids.error();
        out.probes.push_back({std::move(text), std::move(*ids)});
    }
    for (std::int32_t id = 0; id < out.n_vocab; ++id) {
        const auto& token = target.vocabulary()[static_cast<std::size_t>(id)];
        const auto& bytes = (token.flags & TW_TOKEN_CONTROL) != 0 ? token.text : token.piece;
        if (!bytes.empty()) out.spelled.push_back({id, bytes});
    }
    return out;
}

result<server_drafter::terms> compare_vocabulary(backend& server, const std::string& draft, const vocabulary_sample& target,
                                                 std::chrono::milliseconds within, const std::stop_token& stop) {
    const auto counted = ask_and_wait(server, "vocabulary", "{}", within, stop);
    if (!counted) return counted.error();
    const auto said = read(*counted);
    const auto tokens = number(said, "tokens"), context = number(said, "context");
    if (tokens <= 0 || tokens > INT32_MAX || context < 0) return nonsense(draft, "the number of its tokens");
    if (tokens != target.n_vocab)
        return fail(code::unsupported,
                    other_vocabulary(draft, static_cast<std::int32_t>(tokens), target.target, target.n_vocab));
    const auto pieces = said.find("pieces");
    const auto alike = pieces != said.end() && pieces->is_array() ? compare_pieces(*pieces, draft, target)
                                                                  : compare_texts(server, draft, target, within, stop);
    if (!alike) return alike.error();
    return server_drafter::terms{target.n_vocab, static_cast<std::size_t>(context)};
}

} // namespace tw
