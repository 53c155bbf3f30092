// Any message with random values, and whether two are equal to the last bit.
//
// members() binds every member of a struct by name: a member that is added does not compile here until the
// tests know it, and then fails them until the wire carries it.
#pragma once

#include <bit>
#include <cmath>
#include <random>
#include <tuple>
#include <type_traits>

#include "wire/fields.hpp"
#include "wire/frame.hpp"

namespace tw::wire::test {

inline auto members(is<protocol_version> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<served_engine> auto& m) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = m;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
}
inline auto members(is<hello> auto& m) { auto& [a, b, c, d, e, f] = m; return std::tie(a, b, c, d, e, f); }
inline auto members(is<ping> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<pong> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<goodbye> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<draft_way> auto& m) { auto& [a, b, c, d, e, f] = m; return std::tie(a, b, c, d, e, f); }
inline auto members(is<open_channel> auto& m) { auto& [a, b, c] = m; return std::tie(a, b, c); }
inline auto members(is<channel_opened> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<channel_refused> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<channel_closed> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<sampling_params> auto& m) {
    auto& [a, b, c, d, e, f, g, h, i, grammar, j] = m; // the grammar crosses in submit
    return std::tie(a, b, c, d, e, f, g, h, i, j);
}
inline auto members(is<draft_open> auto& m) { auto& [a, b, c] = m; return std::tie(a, b, c); }
inline auto members(is<draft_order> auto& m) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = m;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
}
inline auto members(is<draft_close> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<proposal> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<draft_batch> auto& m) {
    auto& [a, b, c, d, e, f, g] = m;
    return std::tie(a, b, c, d, e, f, g);
}
inline auto members(is<audit_entry> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<draft_audit> auto& m) { auto& [a, b, c, d] = m; return std::tie(a, b, c, d); }
inline auto members(is<draft_lost> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<drafter_failed> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<tool_call> auto& m) { auto& [a, b, c] = m; return std::tie(a, b, c); }
inline auto members(is<tool_call_piece> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<tool_use> auto& m) { auto& [a, b, c] = m; return std::tie(a, b, c); }
inline auto members(is<likely_token> auto& m) { auto& [a, b, c] = m; return std::tie(a, b, c); }
inline auto members(is<token_likelihood> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<chat_message> auto& m) {
    auto& [a, b, c, d, e, parts, speaker] = m; // images and names, which are for servers, do not cross
    return std::tie(a, b, c, d, e);
}
inline auto members(is<generation_request> auto& m) {
    auto& [a, suffix, b, c, d, e, f, g, h, compared, i, j, k, said] = m; // those with names do not cross
    return std::tie(a, b, c, c.grammar, d, e, f, g, h, i, j, k);
}
inline auto members(is<call_piece> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<likelihoods> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<submit> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<piece> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<ask_status> auto&) { return std::tuple<>(); }
inline auto members(is<status_is> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<error> auto& m) { auto& [a, b, c, d, e, f] = m; static_cast<void>(f); return std::tie(a, b, c, d, e); }
inline auto members(is<speculation_stats::share> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<speculation_stats> auto& m) {
    auto& [a, b, c, d, e, agreed, overruled, f, g, h, i, j, k] = m; // at a peer no drafters are believed
    return std::tie(a, b, c, d, e, f, g, h, i, j, k);
}
inline auto members(is<round_record> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
// What a replica is called stays on its machine, and a peer lends no servers of others as targets.
inline auto members(is<generation_result> auto& m) {
    return std::tie(m.reason, m.failure, m.prompt_tokens, m.completion_tokens, m.cached_tokens, m.seed, m.stats, m.tokens,
                    m.logits_digests, m.rounds, m.prompt_logprobs, m.stopped_by);
}
inline auto members(is<done> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<refused> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<cancel> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<tokenize_question> auto& m) { auto& [a, b, c] = m; return std::tie(a, b, c); }
inline auto members(is<detokenize_question> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<properties_question> auto&) { return std::tuple<>(); }
inline auto members(is<count_question> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<token_list> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<detokenized> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<model_properties> auto& m) {
    auto& [a, b, c, d, e, f, as_is, g, ranks, h] = m; // a server's own words do not cross, and a peer lends no rerankers
    return std::tie(a, b, c, d, e, f, g, h);
}
inline auto members(is<token_count> auto& m) { auto& [a] = m; return std::tie(a); }
inline auto members(is<ask> auto& m) { auto& [a, b] = m; return std::tie(a, b); }
inline auto members(is<found> auto& m) { auto& [a, b] = m; return std::tie(a, b); }

template <class T> concept plain_value =
    std::integral<T> || std::is_enum_v<T> || std::same_as<T, std::string> || std::same_as<T, std::chrono::milliseconds>;
template <class T> concept sequence_of_values = requires(T& t) { t.begin(); t.size(); } && !plain_value<T>;
template <class T> concept maybe = requires(T& t) { t.has_value(); *t; };
template <class T> concept one_of_several = requires(T& t) { t.valueless_by_exception(); };
template <class T> concept two = requires(T& t) { t.first; t.second; };

// By bits, so that NaN equals itself and 0 is not -0.
template <class T> bool same(const T& a, const T& b) {
    if constexpr (plain_value<T>) {
        return a == b;
    } else if constexpr (std::same_as<T, float>) {
        return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
    } else if constexpr (std::same_as<T, double>) {
        return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
    } else if constexpr (maybe<T>) {
        return a.has_value() == b.has_value() && (!a || same(*a, *b));
    } else if constexpr (one_of_several<T>) {
        return a.index() == b.index() && std::visit([&](const auto& x) {
            return same(x, std::get<std::remove_cvref_t<decltype(x)>>(b));
        }, a);
    } else if constexpr (two<T>) {
        return same(a.first, b.first) && same(a.second, b.second);
    } else if constexpr (sequence_of_values<T>) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return same(x, y); });
    } else {
        return std::apply([&](const auto&... x) {
            return std::apply([&](const auto&... y) { return (same(x, y) && ...); }, members(b));
        }, members(a));
    }
}

class random_source {
  public:
    explicit random_source(unsigned seed) : bits_(seed) {}

    template <class T> T make() {
        T out{};
        fill(out);
        return out;
    }
    // With values of every size, the extremes among them.
    message make_any(std::size_t index) { return make_any(index, std::make_index_sequence<std::variant_size_v<message>>()); }
    std::uint64_t bits() { return bits_(); }

  private:
    template <std::size_t... I> message make_any(std::size_t index, std::index_sequence<I...>) {
        message out;
        ((I == index ? static_cast<void>(out = make<std::variant_alternative_t<I, message>>()) : void()), ...);
        return out;
    }
    std::size_t length() { return bits_() % 20 == 0 ? 300 : bits_() % 6; }

    template <class T> void fill(T& value) {
        if constexpr (std::same_as<T, bool>) value = bits_() % 2 != 0;
        else if constexpr (std::same_as<T, grade>) value = static_cast<grade>(bits_() % grades);
        else if constexpr (std::integral<T>)
            value = static_cast<T>((bits_() >> bits_() % 64) & static_cast<std::uint64_t>(std::numeric_limits<T>::max()));
        else if constexpr (std::same_as<T, float>) value = std::bit_cast<float>(static_cast<std::uint32_t>(bits_()));
        else if constexpr (std::same_as<T, double>) value = static_cast<double>(bits_()) * 0x1p-40;
        else if constexpr (std::same_as<T, code>) value = static_cast<code>(1 + bits_() % 11);
        else if constexpr (std::same_as<T, finish_reason>) value = static_cast<finish_reason>(bits_() % 5);
        else if constexpr (std::same_as<T, exactness_class>) value = static_cast<exactness_class>(bits_() % 3);
        else if constexpr (std::same_as<T, role>) value = static_cast<role>(bits_() % 2);
        else if constexpr (std::same_as<T, std::chrono::milliseconds>)
            value = std::chrono::milliseconds(bits_() % (max_retry_after_ms + 1));
        else if constexpr (std::same_as<T, std::string>) {
            constexpr const char* letters[] = {"a", " ", "\"", "Z", "é", "語", "~"};
            for (auto n = bits_() % 30; n > 0; --n) value += letters[bits_() % 7];
        } else if constexpr (maybe<T>) {
            if (bits_() % 2 != 0) fill(value.emplace());
        } else if constexpr (one_of_several<T>) {
            choose(value, bits_() % std::variant_size_v<T>);
            std::visit([this](auto& which) { this->fill(which); }, value);
        } else if constexpr (two<T>) {
            fill(value.first);
            fill(value.second);
        } else if constexpr (requires { value.emplace_back(); }) {
            value.resize(length());
            for (auto& each : value) fill(each);
        } else if constexpr (sequence_of_values<T>) {
            for (auto& each : value) fill(each);
        } else {
            std::apply([this](auto&... member) { (this->fill(member), ...); }, members(value));
            settle(value);
        }
    }

    // What a type says less about its values than the wire.
    void settle(auto&) {}
    void settle(hello& m) { m.protocol = our_protocol; m.engines.resize(m.engines.size() % max_engines); }
    void settle(sampling_params& m) { m.repeat_last_n = static_cast<std::int32_t>(bits_()); }
    void settle(draft_order& m) {
        m.floor = static_cast<float>(bits_() % 256) / 255;
        if (m.chance)
            for (auto& chance : *m.chance) chance = static_cast<float>(bits_() % 256) / 255;
    }
    void settle(draft_batch& m) { m.seconds = static_cast<float>(bits_() % 1000) / 997; }
    void settle(round_record& m) { m.accepted %= m.draft.size() + 1; }
    void settle(generation_result& m) {
        if (m.reason == finish_reason::failed && !m.failure) fill(m.failure.emplace());
    }
    void settle(open_channel& m) { m.drafts.resize(m.drafts.size() % (max_drafts + 1)); }
    void settle(chat_message& m) {
        std::erase_if(m.role, [](char c) { return static_cast<unsigned char>(c) > 0x7E; });
        m.content += "\n\t";
    }
    void settle(generation_request& m) {
        m.stop.resize(m.stop.size() % (max_stop_strings + 1));
        for (auto& each : m.stop) each = raw();
        if (m.top_logprobs) m.top_logprobs = *m.top_logprobs % static_cast<std::int32_t>(max_top_tokens + 1);
    }
    void settle(likely_token& m) { m.bytes = raw(); }
    void settle(token_likelihood& m) { m.top.resize(m.top.size() % (max_top_tokens + 1)); }
    void settle(token_list& m) {
        m.pieces.resize(m.ids.size());
        for (auto& each : m.pieces) each = raw();
    }
    void settle(call_piece& m) { m.what.index %= max_calls + 1; }
    void settle(piece& m) { m.text = raw(); }
    std::string raw() {
        std::string out(length(), '\0');
        for (auto& each : out) each = static_cast<char>(bits_());
        return out;
    }

    std::mt19937_64 bits_;
};

} // namespace tw::wire::test
