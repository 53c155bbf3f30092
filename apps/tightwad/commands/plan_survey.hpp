// Asks every machine that a plan is about: what memory it has, how fast it computes, how far away it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "plan/machine.hpp"
#include "plan/model_shape.hpp"

namespace tw::cli {

struct surveyed {
    plan::machine machine;
    std::string device;  // that it computes on; empty = its own choice
    std::string about;   // how busy the machine is, as its peer says; empty = nobody was asked
    std::string problem; // why it is not measured; empty = it is
};

// This machine: by an rpc-server that is started for a moment where its program is known, else by how fast memory is
// read, which is a bound. `context`: of one answer. `threads`: that compute; 0 = one per core.
[[nodiscard]] surveyed survey_here(const plan::model_shape& model, std::uint64_t context,
                                   const std::filesystem::path& rpc_server, unsigned threads);

// The workers of a pool in its order, one after the other, over the ways that the pool itself takes. Takes seconds for
// each; an rpc-server behind a peer that does not run yet is started. The error: a token that cannot be read.
[[nodiscard]] result<std::vector<surveyed>> survey(const pool_config& pool, const plan::model_shape& model,
                                                   std::uint64_t context);

} // namespace tw::cli
