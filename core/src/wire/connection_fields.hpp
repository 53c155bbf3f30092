// hello and the frames about connection and channels, field by field.
#pragma once

#include "wire/connection.hpp"
#include "wire/fields.hpp"

namespace tw::wire {

void fields(auto& io, is<served_engine> auto& m) {
    io.text(m.name, "name", max_name_bytes);
    io.flags("roles", m.drafter, m.target);
    io.text(m.vocabulary, "vocabulary", max_name_bytes);
    io.text(m.identity, "identity", max_identity_bytes);
    io.text(m.build, "build", max_name_bytes);
    io.text(m.device, "device", max_name_bytes);
    io.text(m.settings, "settings", max_identity_bytes);
    io.varint(m.n_vocab, "n_vocab");
    io.varint(m.n_ctx, "n_ctx");
    io.varint(m.slots, "slots");
    io.choice(m.exactness, "exactness", exactness_class::bitwise, exactness_class::numeric);
}

void fields(auto& io, is<hello> auto& m) {
    io.varint(m.protocol.major_number, "protocol");
    io.varint(m.protocol.minor_number, "protocol");
    io.text(m.tightwad, "tightwad", max_name_bytes);
    io.text(m.machine, "machine", max_name_bytes);
    if (m.protocol.major_number != our_protocol.major_number) return io.ignore_rest();
    io.varint(m.sampler, "sampler");
    io.fixed64(m.session, "session");
    io.list(m.engines, "engines", max_engines, [](auto& each, auto& engine) { fields(each, engine); });
    if (m.protocol.minor_number > our_protocol.minor_number) io.ignore_rest();
}

void fields(auto& io, is<ping> auto& m) { io.fixed64(m.number, "number"); }
void fields(auto& io, is<pong> auto& m) { io.fixed64(m.number, "number"); }
void fields(auto& io, is<goodbye> auto& m) { io.sentence(m.why, "why"); }

void fields(auto& io, is<draft_way> auto& m) {
    io.text(m.name, "name", max_name_bytes);
    io.text(m.engine, "engine", max_name_bytes);
    io.text(m.url, "url", max_url_bytes);
    io.text(m.token, "token", max_token_bytes);
    io.text(m.fingerprint, "fingerprint", max_name_bytes);
    io.flags("flags", m.fallback);
}
void fields(auto& io, is<open_channel> auto& m) {
    io.text(m.engine, "engine", max_name_bytes);
    io.choice(m.role, "role", role::drafter, role::target);
    io.list(m.drafts, "drafts", max_drafts, [](auto& each, auto& draft) { fields(each, draft); });
}
void fields(auto& io, is<channel_opened> auto& m) {
    fields(io, m.engine);
    io.seconds(m.onward_s, "onward");
}
void fields(auto& io, is<channel_refused> auto& m) { io.sentence(m.why, "why"); }
void fields(auto& io, is<channel_closed> auto& m) { io.sentence(m.why, "why"); }

} // namespace tw::wire
