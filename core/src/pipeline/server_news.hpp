// Reads what a server's answer has beside its text: calls of tools, how likely its tokens were, what was thought, what its
// tokens were, and what only some clients know.
#pragma once

#include <cstddef>
#include <string_view>

#include "scheduler/generation.hpp"

namespace tw {

// Of one answer; from one thread at a time.
class server_news {
  public:
    // `json` as tw_sink::more has it: any bytes. Hands on what it says; `corrupt` for what makes no sense, of which the
    // sink hears nothing.
    [[nodiscard]] result<void> read(std::string_view json, generation_sink& sink);

    // What it said of its tokens so far, but for `counted`.
    [[nodiscard]] const server_usage& usage() const { return usage_; }

  private:
    server_usage usage_;
    std::size_t calls_ = 0; // that have begun
};

} // namespace tw
