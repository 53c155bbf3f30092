// One function per frame and direction; the fields come in the order of the struct.
#include "wire/draft_frames.hpp"

#include <algorithm>
#include <cmath>

#include "wire/bytes.hpp"

namespace tw::wire {
namespace {

// The first byte of a frame.
enum kind : std::uint8_t { open = 0x10, order, close, batch = 0x18, audit, lost, failed };
enum order_flag : std::uint8_t { streams = 1, audits = 2 };

void write(byte_writer& out, const sampling_params& params) {
    out.real(params.temperature);
    out.token(params.top_k);
    out.real(params.top_p);
    out.real(params.min_p);
    out.real(params.repeat_penalty);
    out.token(params.repeat_last_n);
    out.real(params.presence_penalty);
    out.real(params.frequency_penalty);
    out.varint(params.logit_bias.size());
    for (const auto& [token, bias] : params.logit_bias) {
        out.token(token);
        out.real(bias);
    }
    out.word(params.seed);
}

sampling_params read_sampling(byte_reader& in) {
    sampling_params out;
    out.temperature = in.real();
    out.top_k = in.token();
    out.top_p = in.real();
    out.min_p = in.real();
    out.repeat_penalty = in.real();
    out.repeat_last_n = in.token();
    out.presence_penalty = in.real();
    out.frequency_penalty = in.real();
    out.logit_bias.resize(in.count(5));
    for (auto& [token, bias] : out.logit_bias) {
        token = in.token();
        bias = in.real();
    }
    out.seed = in.word();
    return out;
}

void write(byte_writer& out, const draft_open& message) {
    out.byte(kind::open);
    out.varint(message.sequence);
    write(out, message.sampling);
    out.tokens(message.prompt);
}

draft_open read_open(byte_reader& in) {
    draft_open out;
    out.sequence = in.varint();
    out.sampling = read_sampling(in);
    out.prompt = in.tokens();
    return out;
}

void write(byte_writer& out, const draft_order& message) {
    out.byte(kind::order);
    out.varint(message.sequence);
    out.varint(message.epoch);
    out.varint(message.base);
    out.word(message.prefix);
    out.tokens(message.tail);
    out.varint(message.want);
    out.real(message.floor);
    for (const auto chance : message.chance)
        out.byte(static_cast<std::uint8_t>(std::lround(std::clamp(chance, 0.0F, 1.0F) * 255)));
    out.byte(static_cast<std::uint8_t>((message.stream ? order_flag::streams : 0) |
                                       (message.audit ? order_flag::audits : 0)));
}

draft_order read_order(byte_reader& in) {
    draft_order out;
    out.sequence = in.varint();
    out.epoch = in.number<std::uint32_t>();
    out.base = in.number<std::uint32_t>();
    out.prefix = in.word();
    out.tail = in.tokens();
    out.want = in.number<std::uint16_t>();
    out.floor = in.real();
    for (auto& chance : out.chance) chance = static_cast<float>(in.byte()) / 255;
    const auto flags = in.byte();
    out.stream = (flags & order_flag::streams) != 0;
    out.audit = (flags & order_flag::audits) != 0;
    return out;
}

void write(byte_writer& out, const draft_close& message) {
    out.byte(kind::close);
    out.varint(message.sequence);
}

grade read_grade(byte_reader& in) {
    const auto value = in.byte();
    if (value >= grades) in.stop("names grade " + std::to_string(value) + " of " + std::to_string(grades));
    return in.ok() ? value : grade{0};
}

void write(byte_writer& out, const draft_batch& reply) {
    out.byte(kind::batch);
    out.varint(reply.sequence);
    out.varint(reply.epoch);
    out.varint(reply.base);
    out.word(reply.prefix);
    out.varint(reply.tokens.size());
    for (const auto& each : reply.tokens) {
        out.token(each.token);
        out.byte(each.grade);
    }
    out.byte(reply.complete ? 1 : 0);
    out.real(reply.seconds);
}

draft_batch read_batch(byte_reader& in) {
    draft_batch out;
    out.sequence = in.varint();
    out.epoch = in.number<std::uint32_t>();
    out.base = in.number<std::uint32_t>();
    out.prefix = in.word();
    out.tokens.resize(in.count(2));
    for (auto& each : out.tokens) {
        each.token = in.token();
        each.grade = read_grade(in);
    }
    out.complete = in.byte() != 0;
    out.seconds = in.real();
    if (!(out.seconds >= 0 && out.seconds < 3600)) in.stop("says that its tokens took no possible time");
    return out;
}

// An entry is one byte: the grade, and 0x80 where both picks were equal.
void write(byte_writer& out, const draft_audit& reply) {
    out.byte(kind::audit);
    out.varint(reply.sequence);
    out.varint(reply.entries.size());
    for (const auto& each : reply.entries) out.byte(static_cast<std::uint8_t>(each.grade | (each.agreed ? 0x80U : 0U)));
    out.byte(reply.complete ? 1 : 0);
}

draft_audit read_audit(byte_reader& in) {
    draft_audit out;
    out.sequence = in.varint();
    out.entries.resize(in.count(1));
    for (auto& each : out.entries) {
        const auto value = in.byte();
        each.agreed = (value & 0x80U) != 0;
        each.grade = static_cast<grade>(value & 0x7FU);
        if (each.grade >= grades) in.stop("names grade " + std::to_string(each.grade) + " of " + std::to_string(grades));
    }
    out.complete = in.byte() != 0;
    return out;
}

void write(byte_writer& out, const draft_lost& reply) {
    out.byte(kind::lost);
    out.varint(reply.sequence);
}

void write(byte_writer& out, const drafter_failed& reply) {
    out.byte(kind::failed);
    out.text(reply.why);
}

template <class Message> std::string encoded(const Message& message) {
    byte_writer out;
    std::visit([&](const auto& each) { write(out, each); }, message);
    return out.take();
}

template <class Message, class Frame> result<Message> whole(byte_reader& in, std::string_view name, Frame frame) {
    if (const auto sound = in.end(name); !sound) return sound.error();
    return Message{std::move(frame)};
}

error unknown(std::uint8_t kind, std::string_view what) {
    return fail(code::corrupt, "A frame of kind " + std::to_string(kind) + " came where " + std::string(what) +
                                   " was expected; the other side may run another version of Tightwad.");
}

} // namespace

std::string encode(const drafter_message& message) { return encoded(message); }
std::string encode(const drafter_reply& reply) { return encoded(reply); }

result<drafter_message> decode_message(std::string_view frame) {
    byte_reader in(frame);
    switch (const auto kind = in.byte()) {
    case kind::open: return whole<drafter_message>(in, "draft_open", read_open(in));
    case kind::order: return whole<drafter_message>(in, "draft_order", read_order(in));
    case kind::close: return whole<drafter_message>(in, "draft_close", draft_close{in.varint()});
    default: return unknown(kind, "a message to a drafter");
    }
}

result<drafter_reply> decode_reply(std::string_view frame) {
    byte_reader in(frame);
    switch (const auto kind = in.byte()) {
    case kind::batch: return whole<drafter_reply>(in, "draft_batch", read_batch(in));
    case kind::audit: return whole<drafter_reply>(in, "draft_audit", read_audit(in));
    case kind::lost: return whole<drafter_reply>(in, "draft_lost", draft_lost{in.varint()});
    case kind::failed: return whole<drafter_reply>(in, "drafter_failed", drafter_failed{in.text()});
    default: return unknown(kind, "a drafter's reply");
    }
}

} // namespace tw::wire
