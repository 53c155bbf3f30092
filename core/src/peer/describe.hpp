// A loaded model as the wire tells of it.
#pragma once

#include <string>

#include "bridge/engine.hpp"
#include "wire/hello.hpp"

namespace tw::peer {

// Roles, exactness and settings are the caller's to add.
[[nodiscard]] inline wire::served_engine describe(const engine& model, std::string name) {
    const auto& info = model.info();
    wire::served_engine out;
    out.name = std::move(name);
    out.vocabulary = model.vocabulary_digest();
    out.identity = info.identity;
    out.build = info.build;
    out.device = info.device;
    out.n_vocab = info.n_vocab;
    out.n_ctx = info.n_ctx;
    out.slots = info.n_seq;
    return out;
}

} // namespace tw::peer
