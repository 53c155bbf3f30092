// {"model_info": {"tokenizer.ggml.model", "tokenizer.ggml.tokens": [text], "tokenizer.ggml.token_type": [n], …}}
#include "vocabulary.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include <tightwad/sdk/json.hpp>

namespace ollama {
namespace {

using tw::sdk::failure;
namespace json = tw::sdk::json;
using facts = std::map<std::string, json::value, std::less<>>;

constexpr std::size_t most_tokens = 1U << 20U; // four times as many as any model has

std::optional<json::value> fact(const facts& all, std::string_view key, json::kind wanted) {
    const auto found = all.find(key);
    return found != all.end() && found->second.kind() == wanted ? std::optional(found->second) : std::nullopt;
}
std::string text(const facts& all, std::string_view key) {
    const auto found = fact(all, key, json::kind::string);
    return found ? found->as_string() : std::string();
}
std::int64_t number(const facts& all, std::string_view key, std::int64_t otherwise) {
    const auto found = fact(all, key, json::kind::number);
    return found ? found->as_integer() : otherwise;
}
bool flag(const facts& all, std::string_view key, bool otherwise) {
    const auto found = fact(all, key, json::kind::boolean);
    return found ? found->as_boolean() : otherwise;
}

// Of a list with an entry a token.
template <class Each> void each_of(const json::value& list, Each&& each) {
    std::size_t n = 0;
    list.each_element([&](const json::value& one) {
        if (n++ == most_tokens)
            throw failure{TW_CORRUPT, "The Ollama tells more than " + std::to_string(most_tokens) + " tokens."};
        each(one);
    });
}

facts facts_in(std::string_view shown) {
    facts out;
    if (const auto info = json::value::parse(shown).find("model_info", json::kind::object))
        for (auto& [key, value] : info->members()) out.insert_or_assign(std::move(key), value);
    return out;
}

// Well-formed UTF-8 (Unicode 15, table 3-7).
bool is_text(std::string_view bytes) {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U; };
    for (std::size_t at = 0; at < bytes.size();) {
        const auto first = byte(at), second = byte(at + 1);
        if ((first >= 0x80 && first < 0xC2) || first >= 0xF5) return false;
        const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        const auto least = first == 0xE0 ? 0xA0U : first == 0xF0 ? 0x90U : 0x80U;
        const auto last = first == 0xED ? 0x9FU : first == 0xF4 ? 0x8FU : 0xBFU;
        if (length > 1 && (second < least || second > last)) return false;
        for (std::size_t i = 2; i < length; ++i)
            if ((byte(at + i) & 0xC0U) != 0x80U) return false;
        at += length;
    }
    return true;
}

// A byte-pair vocabulary writes every byte as a character that can be seen: itself where that is one, else the next free
// character from U+0100 on.
constexpr std::size_t n_shown = 0x144;
constexpr auto byte_shown_as = [] {
    std::array<int, n_shown> out{};
    out.fill(-1);
    std::size_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
        const bool seen = (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
        out[seen ? static_cast<std::size_t>(byte) : next++] = byte;
    }
    return out;
}();

// The text itself where a character stands for no byte.
std::string of_shown_bytes(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto code = static_cast<unsigned char>(text[at]) + 0U;
        if (code >= 0x80) {
            if ((code & 0xE0U) != 0xC0U || at + 1 == text.size()) return text;
            code = ((code & 0x1FU) << 6U) | (static_cast<unsigned char>(text[++at]) & 0x3FU);
        }
        if (code >= n_shown || byte_shown_as[code] < 0) return text;
        out.push_back(static_cast<char>(byte_shown_as[code]));
    }
    return out;
}

std::string with_spaces(std::string_view text) {
    constexpr std::string_view space = "\xE2\x96\x81"; // U+2581
    std::string out;
    for (auto at = text.find(space); at != std::string_view::npos; at = text.find(space)) {
        out.append(text.substr(0, at)).push_back(' ');
        text.remove_prefix(at + space.size());
    }
    return out.append(text);
}

// "<0x0A>".
std::string named_byte(const std::string& text) {
    unsigned byte = 0;
    const auto* end = text.data() + text.size();
    if (text.size() != 6 || !text.starts_with("<0x") || std::from_chars(text.data() + 3, end, byte, 16).ptr != end - 1)
        throw failure{TW_CORRUPT, "The Ollama calls a byte \"" + text + "\"."};
    return {static_cast<char>(byte)};
}

} // namespace

vocabulary::vocabulary(std::string_view shown) {
    const auto all = facts_in(shown);
    const auto tokens = fact(all, "tokenizer.ggml.tokens", json::kind::array);
    const auto model = text(all, "tokenizer.ggml.model");
    if (!tokens)
        throw failure{TW_UNSUPPORTED, "The Ollama does not tell the tokens of its model (POST /api/show, verbose), so it cannot be "
                                      "compared with a target."};
    const bool pairs = model == "gpt2";
    if (!pairs && model != "llama")
        throw failure{TW_UNSUPPORTED, "The Ollama's model makes tokens in the way \"" + model + "\"; known here are \"llama\" and "
                                      "\"gpt2\", so it cannot be compared with a target."};
    each_of(*tokens, [&](const json::value& token) { pieces_.push_back(token.as_string()); });
    if (const auto types = fact(all, "tokenizer.ggml.token_type", json::kind::array))
        each_of(*types, [&](const json::value& type) {
            const auto said = type.as_integer();
            kinds_.push_back(said >= 1 && said <= 6 ? static_cast<kind>(said) : kind::normal);
        });
    else
        kinds_.assign(size(), kind::normal);
    if (kinds_.size() != size())
        throw failure{TW_CORRUPT, "The Ollama tells " + std::to_string(size()) + " tokens and the types of " +
                                      std::to_string(kinds_.size()) + "."};
    for (std::size_t i = 0; i < size(); ++i) {
        if (kinds_[i] == kind::byte) pieces_[i] = named_byte(pieces_[i]);
        else if (kinds_[i] == kind::normal) pieces_[i] = pairs ? of_shown_bytes(pieces_[i]) : with_spaces(pieces_[i]);
    }
    bos_ = number(all, "tokenizer.ggml.bos_token_id", pairs ? -1 : 1);
    context_ = std::max<std::int64_t>(0, number(all, text(all, "general.architecture") + ".context_length", 0));
    adds_bos_ = flag(all, "tokenizer.ggml.add_bos_token", true);
    adds_space_ = flag(all, "tokenizer.ggml.add_space_prefix", !pairs);
    index();
}

// A model says a byte by its token only where no other token has it.
void vocabulary::index() {
    for (std::int32_t id = 0; id < static_cast<std::int32_t>(size()); ++id)
        if (!piece(id).empty() && kind_of(id) != kind::unknown && kind_of(id) != kind::unused) by_piece_.push_back(id);
    std::ranges::sort(by_piece_, {}, [&](auto id) { return std::tuple(piece(id), kind_of(id) == kind::byte, id); });
}

std::string vocabulary::pieces_json() const {
    std::string out = "[";
    for (const auto& one : pieces_) {
        if (out.size() > 1) out += ',';
        if (is_text(one)) {
            out += json::quote(one);
            continue;
        }
        out += '[';
        for (const auto byte : one) out += std::to_string(static_cast<unsigned char>(byte)) + ',';
        out.back() = ']';
    }
    return out + ']';
}

std::optional<std::int32_t> vocabulary::find(std::string_view bytes) const {
    const auto same = std::ranges::equal_range(by_piece_, bytes, {}, [&](auto id) { return piece(id); });
    if (same.empty()) return {};
    const bool alone = same.size() == 1 || (kind_of(same[0]) != kind::byte && kind_of(same[1]) == kind::byte);
    return alone ? std::optional(same[0]) : std::nullopt;
}

std::optional<std::string> vocabulary::text_of(std::span<const std::int32_t> tokens) const {
    if (adds_bos_ && !tokens.empty() && tokens.front() == bos_) tokens = tokens.subspan(1);
    std::string out;
    bool gets_space = adds_space_;
    for (const auto id : tokens) {
        if (id < 0 || static_cast<std::size_t>(id) >= size()) return {};
        auto more = piece(id);
        if (gets_space && more.starts_with(' ')) more.remove_prefix(1);
        out += more;
        const auto what = kind_of(id);
        gets_space = adds_space_ && (what == kind::unknown || what == kind::control || what == kind::user_defined);
    }
    return !out.empty() && is_text(out) ? std::optional(std::move(out)) : std::nullopt;
}

} // namespace ollama
