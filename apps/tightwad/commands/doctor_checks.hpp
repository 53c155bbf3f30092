// What `tightwad doctor` looks at, and what it finds.
#pragma once

#include <string>
#include <vector>

#include "commands/setup.hpp"

namespace tw::cli {

enum class verdict { ok, warn, fail, skip }; // skip: could not be looked at

struct finding {
    std::string what; // "model large", "worker attic:50052"
    verdict how = verdict::ok;
    std::string says; // a sentence or two; of one that is not ok with what to do
};

// The configuration against its plugins, the model files, the memory they take, and who of each pool would hold what.
// Nobody is asked, no weights are read.
void look_here(const setup& what, std::vector<finding>& out);

// The endpoint, and what it serves if it runs; backends on peers and at servers; the workers of pools, whose rpc-servers
// are left alone. Takes seconds for each that does not answer.
void look_around(const setup& what, std::vector<finding>& out);

} // namespace tw::cli
