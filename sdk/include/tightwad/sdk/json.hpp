// A small strict JSON reader, so that the SDK needs no library: enough for configurations and
// requests.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tightwad/sdk/error.hpp>

namespace tw::sdk::json {

inline constexpr std::size_t max_depth = 64;
inline constexpr std::size_t max_bytes = 64U << 20U;

enum class kind { null, boolean, number, string, array, object };

namespace detail {

// Walks over text and throws at the first byte that is not JSON (RFC 8259).
class cursor {
  public:
    explicit cursor(std::string_view text) : text_(text) {}

    [[nodiscard]] std::size_t position() const { return at_; }
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void space() {
        while (at_ < text_.size() &&
               std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
            ++at_;
    }
    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) {
        if (!take(c)) fail();
    }
    [[noreturn]] void fail() const {
        throw failure{TW_INVALID_ARGUMENT,
                      "The JSON text is malformed at byte " + std::to_string(at_) + "."};
    }
    void end() {
        space();
        if (at_ != text_.size()) fail();
    }

    // Steps over one value, checking it.
    void skip(std::size_t depth = 0) {
        if (depth >= max_depth)
            throw failure{TW_INVALID_ARGUMENT, "The JSON text nests deeper than " +
                                                   std::to_string(max_depth) + " levels."};
        space();
        switch (peek()) {
        case '{':
            list('}', depth, true);
            return;
        case '[':
            list(']', depth, false);
            return;
        case '"':
            string(nullptr);
            return;
        case 't':
            word("true");
            return;
        case 'f':
            word("false");
            return;
        case 'n':
            word("null");
            return;
        default:
            number();
            return;
        }
    }

    // Steps over one string; its decoded text goes to `out` when that is given.
    void string(std::string* out) {
        expect('"');
        for (;;) {
            if (at_ >= text_.size()) fail();
            const char c = text_[at_++];
            if (c == '"') return;
            if (static_cast<unsigned char>(c) < 0x20) fail();
            if (c != '\\') {
                if (out != nullptr) out->push_back(c);
                continue;
            }
            escape(out);
        }
    }

  private:
    void list(char close, std::size_t depth, bool with_keys) {
        ++at_;
        space();
        if (take(close)) return;
        do {
            if (with_keys) {
                space();
                string(nullptr);
                space();
                expect(':');
            }
            skip(depth + 1);
            space();
        } while (take(','));
        expect(close);
    }
    void word(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) fail();
        at_ += expected.size();
    }
    void digits() {
        if (peek() < '0' || peek() > '9') fail();
        while (peek() >= '0' && peek() <= '9')
            ++at_;
    }
    void number() {
        take('-');
        if (!take('0')) digits();
        if (take('.')) digits();
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            digits();
        }
    }
    std::uint32_t hex4() {
        if (text_.size() - at_ < 4) fail();
        std::uint32_t code = 0;
        const auto* begin = text_.data() + at_;
        const auto [stop, error] = std::from_chars(begin, begin + 4, code, 16);
        if (error != std::errc{} || stop != begin + 4) fail();
        at_ += 4;
        return code;
    }
    void escape(std::string* out) {
        if (at_ >= text_.size()) fail();
        static constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
        const char c = text_[at_++];
        if (const auto i = names.find(c); i != std::string_view::npos) {
            if (out != nullptr) out->push_back(values[i]);
            return;
        }
        if (c != 'u') fail();
        auto code = hex4();
        if (code >= 0xD800 && code < 0xE000) { // a pair of surrogates, or nothing
            if (code >= 0xDC00 || !take('\\') || !take('u')) fail();
            const auto low = hex4();
            if (low < 0xDC00 || low >= 0xE000) fail();
            code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
        }
        if (out != nullptr) append_utf8(*out, code);
    }
    static void append_utf8(std::string& out, std::uint32_t code) {
        const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
        if (code < 0x80) return put(code);
        if (code < 0x800) {
            put(0xC0 | (code >> 6U));
        } else {
            if (code < 0x10000) {
                put(0xE0 | (code >> 12U));
            } else {
                put(0xF0 | (code >> 18U));
                put(0x80 | ((code >> 12U) & 0x3FU));
            }
            put(0x80 | ((code >> 6U) & 0x3FU));
        }
        put(0x80 | (code & 0x3FU));
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace detail

class value;
using member_list = std::vector<std::pair<std::string, value>>;

// One value of a text that has been checked as a whole. Borrows the text. The as_… functions throw
// TW_INVALID_ARGUMENT when the value is of another kind.
class value {
  public:
    // The whole text is one JSON value of at most max_bytes and max_depth, or a failure is thrown.
    [[nodiscard]] static value parse(std::string_view text) {
        if (text.size() > max_bytes)
            throw failure{TW_INVALID_ARGUMENT, "The JSON text is larger than 64 MiB."};
        detail::cursor at{text};
        at.space();
        const auto begin = at.position();
        at.skip();
        const auto length = at.position() - begin;
        at.end();
        return value{text.substr(begin, length)};
    }

    [[nodiscard]] json::kind kind() const {
        switch (raw_.front()) {
        case '{':
            return kind::object;
        case '[':
            return kind::array;
        case '"':
            return kind::string;
        case 't':
        case 'f':
            return kind::boolean;
        case 'n':
            return kind::null;
        default:
            return kind::number;
        }
    }
    [[nodiscard]] std::string_view raw() const { return raw_; }

    [[nodiscard]] std::string as_string() const {
        need(kind::string, "a string");
        std::string out;
        detail::cursor{raw_}.string(&out);
        return out;
    }
    [[nodiscard]] bool as_boolean() const {
        need(kind::boolean, "true or false");
        return raw_.front() == 't';
    }
    [[nodiscard]] double as_number() const {
        need(kind::number, "a number");
        double out = 0;
        const auto [stop, error] = std::from_chars(raw_.data(), raw_.data() + raw_.size(), out);
        if (error != std::errc{})
            throw failure{TW_INVALID_ARGUMENT, std::string(raw_) + " is out of range."};
        return out;
    }
    [[nodiscard]] std::int64_t as_integer() const {
        need(kind::number, "a number");
        std::int64_t out = 0;
        const auto [stop, error] = std::from_chars(raw_.data(), raw_.data() + raw_.size(), out);
        if (error == std::errc{} && stop == raw_.data() + raw_.size()) return out;
        const double number = as_number(); // also 1e3 and 4.0
        if (std::floor(number) != number || std::abs(number) > 9007199254740992.0)
            throw failure{TW_INVALID_ARGUMENT, std::string(raw_) + " is not an integer."};
        return static_cast<std::int64_t>(number);
    }

    // Calls each(const value&) for every element, in their order.
    template <class Each> void each_element(Each&& each) const {
        need(kind::array, "an array");
        detail::cursor at{raw_};
        for (at.expect('['), at.space(); at.peek() != ']'; at.space()) {
            each(next(at));
            at.space();
            at.take(',');
        }
    }
    [[nodiscard]] std::vector<value> elements() const {
        std::vector<value> out;
        each_element([&](const value& one) { out.push_back(one); });
        return out;
    }
    [[nodiscard]] member_list members() const {
        need(kind::object, "an object");
        member_list out;
        detail::cursor at{raw_};
        for (at.expect('{'), at.space(); at.peek() != '}'; at.space()) {
            std::string key;
            at.string(&key);
            at.space();
            at.expect(':');
            out.emplace_back(std::move(key), next(at));
            at.space();
            at.take(',');
        }
        return out;
    }
    // The member called `key`; the last one when a key is repeated.
    [[nodiscard]] std::optional<value> find(std::string_view key) const;
    // Likewise, unless it is of another kind (many servers send null).
    [[nodiscard]] std::optional<value> find(std::string_view key, json::kind wanted) const;

  private:
    explicit value(std::string_view raw) : raw_(raw) {}

    [[nodiscard]] value next(detail::cursor& at) const {
        at.space();
        const auto begin = at.position();
        at.skip();
        return value{raw_.substr(begin, at.position() - begin)};
    }
    void need(json::kind wanted, const char* name) const {
        if (kind() != wanted)
            throw failure{TW_INVALID_ARGUMENT, std::string(raw_.substr(0, 40)) + " stands where " +
                                                   name + " is needed."};
    }

    std::string_view raw_;
};

// As value::find, where the members have been read already.
[[nodiscard]] inline std::optional<value> find(const member_list& among, std::string_view key) {
    std::optional<value> found;
    for (const auto& [name, member] : among)
        if (name == key) found = member;
    return found;
}
[[nodiscard]] inline std::optional<value> find(const member_list& among, std::string_view key, kind wanted) {
    const auto found = find(among, key);
    return found && found->kind() == wanted ? found : std::nullopt;
}

inline std::optional<value> value::find(std::string_view key) const { return json::find(members(), key); }
inline std::optional<value> value::find(std::string_view key, json::kind wanted) const { return json::find(members(), key, wanted); }

// `text` as a JSON string, with its quotes.
[[nodiscard]] inline std::string quote(std::string_view text) {
    static constexpr std::string_view hex = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (byte < 0x20) {
            out.append("\\u00").push_back(hex[byte >> 4U]);
            out.push_back(hex[byte & 15U]);
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
    return out;
}

} // namespace tw::sdk::json
