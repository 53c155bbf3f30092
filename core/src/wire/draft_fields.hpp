// What a verifier and a drafter say to each other, field by field.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>

#include "speculation/messages.hpp"
#include "wire/fields.hpp"

namespace tw::wire {

void fields(auto& io, is<sampling_params> auto& m) {
    io.real(m.temperature, "temperature");
    io.varint(m.top_k, "top_k");
    io.real(m.top_p, "top_p");
    io.real(m.min_p, "min_p");
    io.real(m.repeat_penalty, "repeat_penalty");
    io.zigzag(m.repeat_last_n, "repeat_last_n");
    io.real(m.presence_penalty, "presence_penalty");
    io.real(m.frequency_penalty, "frequency_penalty");
    io.list(m.logit_bias, "logit_bias", max_list_tokens, [](auto& each, auto& bias) {
        each.varint(bias.first, "logit_bias");
        each.real(bias.second, "logit_bias");
    });
    io.fixed64(m.seed, "seed");
}

void fields(auto& io, is<draft_open> auto& m) {
    io.varint(m.sequence, "sequence");
    fields(io, m.sampling);
    tokens(io, m.prompt, "prompt");
}

// A chance in one byte, n/255.
void chance(auto& io, auto& value, const char* field) {
    auto byte = static_cast<std::uint8_t>(std::lround((value > 0 ? std::min(value, 1.0F) : 0.0F) * 255));
    io.byte(byte, field);
    if constexpr (std::remove_reference_t<decltype(io)>::reading) value = static_cast<float>(byte) / 255;
}

void fields(auto& io, is<draft_order> auto& m) {
    io.varint(m.sequence, "sequence");
    io.varint(m.epoch, "epoch");
    io.varint(m.base, "base");
    io.fixed32(m.prefix, "prefix");
    bool chances = m.chance.has_value();
    io.flags("flags", m.stream, m.branches, m.audit, chances);
    if constexpr (std::remove_reference_t<decltype(io)>::reading)
        if (chances) m.chance.emplace();
    io.varint(m.want, "want");
    io.varint(m.group, "group");
    chance(io, m.floor, "floor");
    for (std::size_t i = 0; chances && i < grades; ++i) chance(io, (*m.chance)[i], "chance");
    tokens(io, m.tail, "tail");
}

void fields(auto& io, is<draft_close> auto& m) { io.varint(m.sequence, "sequence"); }

// The grade in the lowest three bits: with ids below 2^18 three bytes hold both.
void fields(auto& io, is<proposal> auto& m) {
    static_assert(grades == 8);
    assert(m.grade < grades);
    auto packed = static_cast<std::uint64_t>(static_cast<std::uint32_t>(m.token)) << 3U | (m.grade & 7U);
    io.varint(packed, "tokens", 0x7FFFFFFFULL << 3U | 7U);
    if constexpr (std::remove_reference_t<decltype(io)>::reading)
        m = {static_cast<std::int32_t>(packed >> 3U), static_cast<grade>(packed & 7U)};
}

void fields(auto& io, is<draft_batch> auto& m) {
    io.varint(m.sequence, "sequence");
    io.varint(m.epoch, "epoch");
    io.varint(m.base, "base");
    io.fixed32(m.prefix, "prefix");
    bool timed = m.seconds != 0;
    io.flags("flags", m.complete, timed);
    if (timed) io.seconds(m.seconds, "seconds");
    io.require(!timed || m.seconds != 0, "says how long it took and that it took no time");
    io.list(m.tokens, "tokens", max_draft_tokens, [](auto& each, auto& token) { fields(each, token); });
}

void fields(auto& io, is<audit_entry> auto& m) {
    assert(m.grade < grades);
    bool low = (m.grade & 1U) != 0, mid = (m.grade & 2U) != 0, high = (m.grade & 4U) != 0;
    io.flags("entries", low, mid, high, m.agreed);
    if constexpr (std::remove_reference_t<decltype(io)>::reading)
        m.grade = static_cast<grade>((low ? 1U : 0U) | (mid ? 2U : 0U) | (high ? 4U : 0U));
}

void fields(auto& io, is<draft_audit> auto& m) {
    io.varint(m.sequence, "sequence");
    io.varint(m.epoch, "epoch");
    io.flags("flags", m.complete);
    io.list(m.entries, "entries", max_list_tokens, [](auto& each, auto& entry) { fields(each, entry); });
}

void fields(auto& io, is<draft_lost> auto& m) {
    io.varint(m.sequence, "sequence");
    io.varint(m.epoch, "epoch");
}
void fields(auto& io, is<drafter_failed> auto& m) { io.sentence(m.why, "why"); }

} // namespace tw::wire
