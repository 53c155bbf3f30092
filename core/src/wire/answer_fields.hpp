// Requests to a remote target and what comes back, field by field.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include "wire/answers.hpp"
#include "wire/draft_fields.hpp"
#include "wire/fields.hpp"

namespace tw::wire {

void fields(auto& io, is<tool_call> auto& m) {
    io.utf8(m.id, "call", max_name_bytes);
    io.utf8(m.name, "call", max_name_bytes);
    io.utf8(m.arguments, "call", max_frame_bytes);
}

void fields(auto& io, is<chat_message> auto& m) {
    io.text(m.role, "role", max_role_bytes);
    io.utf8(m.content, "content", max_frame_bytes);
    io.list(m.calls, "calls", max_calls, [](auto& each, auto& call) { fields(each, call); });
    io.utf8(m.call_id, "call", max_name_bytes);
    io.utf8(m.tool, "tool", max_name_bytes);
}

// The prompt in one of its three forms.
void prompt(auto& io, auto& input) {
    enum class form : std::uint8_t { messages, text, tokens };
    auto which = static_cast<form>(input.index());
    io.choice(which, "input", form::messages, form::tokens);
    if constexpr (std::remove_reference_t<decltype(io)>::reading) {
        if (which == form::text) input.template emplace<std::string>();
        if (which == form::tokens) input.template emplace<token_ids>();
    }
    if (auto* messages = std::get_if<std::vector<chat_message>>(&input))
        io.list(*messages, "messages", max_messages, [](auto& each, auto& said) { fields(each, said); });
    else if (auto* text = std::get_if<std::string>(&input))
        io.utf8(*text, "prompt", max_frame_bytes);
    else
        tokens(io, std::get<token_ids>(input), "prompt");
}

void fields(auto& io, is<generation_request> auto& m) {
    bool limited = m.max_tokens.has_value(), likely = m.top_logprobs.has_value();
    io.flags("flags", m.speculate, m.logits_digest, m.record_rounds, limited, likely, m.prompt_logprobs,
             m.tools.required, m.tools.parallel);
    if constexpr (std::remove_reference_t<decltype(io)>::reading) {
        if (limited) m.max_tokens.emplace();
        if (likely) m.top_logprobs.emplace();
    }
    if (limited) io.varint(*m.max_tokens, "max_tokens");
    if (likely) io.varint(*m.top_logprobs, "top_logprobs", max_top_tokens);
    fields(io, m.sampling);
    io.utf8(m.sampling.grammar, "grammar", max_form_bytes);
    io.utf8(m.tools.functions, "functions", max_form_bytes);
    io.list(m.stop, "stop", max_stop_strings,
            [](auto& each, auto& text) { each.bytes(text, "stop", max_stop_bytes); });
    prompt(io, m.input);
    io.utf8(m.prediction, "prediction", max_frame_bytes);
}

void fields(auto& io, is<submit> auto& m) {
    io.varint(m.request, "request");
    fields(io, m.what);
}

void fields(auto& io, is<cancel> auto& m) { io.varint(m.request, "request"); }
void fields(auto&, is<ask_status> auto&) {}
void fields(auto& io, is<status_is> auto& m) { io.utf8(m.json, "json", max_status_bytes); }

void fields(auto& io, is<piece> auto& m) {
    io.varint(m.request, "request");
    io.bytes(m.text, "text", max_piece_bytes);
}

void fields(auto& io, is<call_piece> auto& m) {
    io.varint(m.request, "request");
    io.varint(m.what.index, "index", max_calls);
    fields(io, m.what.more);
}

void fields(auto& io, is<likely_token> auto& m) {
    io.varint(m.token, "token");
    io.bytes(m.bytes, "token", max_token_text_bytes);
    io.real(m.logprob, "logprob");
    io.require(!std::isnan(m.logprob), "has a log probability that is no number");
}

void fields(auto& io, is<token_likelihood> auto& m) {
    fields(io, m.chosen);
    io.list(m.top, "top", max_top_tokens, [](auto& each, auto& token) { fields(each, token); });
}

void fields(auto& io, is<likelihoods> auto& m) {
    io.varint(m.request, "request");
    io.list(m.tokens, "tokens", max_list_tokens, [](auto& each, auto& token) { fields(each, token); });
}

void fields(auto& io, is<error> auto& m) {
    io.choice(m.code, "code", code::invalid_argument, code::internal);
    io.sentence(m.message, "message");
    io.sentence(m.where, "where");
    io.sentence(m.param, "param");
    auto wait = std::clamp<std::int64_t>(m.retry_after.count(), 0, max_retry_after_ms);
    io.varint(wait, "retry_after", max_retry_after_ms);
    if constexpr (std::remove_reference_t<decltype(io)>::reading) m.retry_after = std::chrono::milliseconds(wait);
}

void fields(auto& io, is<refused> auto& m) {
    io.varint(m.request, "request");
    fields(io, m.why);
}

void fields(auto& io, is<speculation_stats> auto& m) {
    io.varint(m.rounds, "rounds");
    io.varint(m.drafted, "drafted");
    io.varint(m.accepted, "accepted");
    io.varint(m.bonus, "bonus");
    io.varint(m.tokens, "tokens");
    for (auto& source : m.sources) {
        io.varint(source.drafted, "sources");
        io.varint(source.accepted, "sources");
    }
    for (auto* time : {&m.queue_s, &m.prefill_s, &m.draft_s, &m.verify_s, &m.total_s}) io.seconds(*time, "times");
}

void fields(auto& io, is<generation_result> auto& m) {
    constexpr bool reading = std::remove_reference_t<decltype(io)>::reading;
    bool failed = m.failure.has_value(), stopped = !m.stopped_by.empty();
    io.choice(m.reason, "reason", finish_reason::stop, finish_reason::filtered);
    io.flags("flags", failed, stopped);
    io.require(failed || m.reason != finish_reason::failed, "says that the answer failed and not why");
    if constexpr (reading)
        if (failed) m.failure.emplace();
    if (failed) fields(io, *m.failure);
    io.varint(m.prompt_tokens, "prompt_tokens");
    io.varint(m.completion_tokens, "completion_tokens");
    io.varint(m.cached_tokens, "cached_tokens");
    io.fixed64(m.seed, "seed");
    fields(io, m.stats);
    tokens(io, m.tokens, "tokens");
    io.list(m.logits_digests, "logits_digests", max_list_tokens,
            [](auto& each, auto& digest) { each.fixed64(digest, "logits_digests"); });
    io.list(m.rounds, "rounds", max_list_tokens, [](auto& each, auto& round) {
        tokens(each, round.draft, "rounds", max_draft_tokens);
        each.varint(round.accepted, "rounds", round.draft.size());
    });
    io.list(m.prompt_logprobs, "prompt_logprobs", max_list_tokens, [](auto& each, auto& token) { fields(each, token); });
    if (stopped) io.utf8(m.stopped_by, "stopped_by", max_stop_bytes);
    io.require(stopped != m.stopped_by.empty(), "says that a stop string ended the answer and not which");
}

void fields(auto& io, is<done> auto& m) {
    io.varint(m.request, "request");
    fields(io, m.result);
}

void fields(auto& io, is<tokenize_question> auto& m) {
    io.flags("flags", m.special, m.bos);
    io.utf8(m.text, "text", max_frame_bytes);
}
void fields(auto& io, is<detokenize_question> auto& m) { tokens(io, m.tokens, "tokens"); }
void fields(auto&, is<properties_question> auto&) {}
void fields(auto& io, is<count_question> auto& m) { fields(io, m.request); }

void fields(auto& io, is<ask> auto& m) {
    io.varint(m.request, "request");
    one_of(io, m.what, "what");
}

void fields(auto& io, is<token_list> auto& m) {
    tokens(io, m.ids, "tokens");
    io.list(m.pieces, "pieces", max_list_tokens,
            [](auto& each, auto& piece) { each.bytes(piece, "pieces", max_token_text_bytes); });
    io.require(m.ids.size() == m.pieces.size(), "has other numbers of tokens and of pieces");
}
void fields(auto& io, is<detokenized> auto& m) { io.utf8(m.text, "text", max_frame_bytes); }

// A server's own JSON does not cross: a peer lends no servers of others as targets.
void fields(auto& io, is<model_properties> auto& m) {
    io.flags("flags", m.embeds, m.calls_tools);
    io.varint(m.context, "context");
    io.varint(m.slots, "slots");
    io.utf8(m.model, "model", max_identity_bytes);
    io.utf8(m.build, "build", max_identity_bytes);
    io.utf8(m.bos, "bos", max_token_text_bytes);
    io.utf8(m.chat_template, "chat_template", max_form_bytes);
}
void fields(auto& io, is<token_count> auto& m) { io.varint(m.tokens, "tokens"); }

void fields(auto& io, is<found> auto& m) {
    io.varint(m.request, "request");
    one_of(io, m.what, "what");
}

} // namespace tw::wire
