// What is not the same after an import, named for the user.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace tw::migrate {

enum class difference_kind {
    no_counterpart, // the key means nothing here
    other_meaning,  // it is taken over, and does not do quite the same
    other_default,  // it is not in the file, and what holds without it differs
    made_safe,      // it was unsafe and was changed
    unknown_key,    // the Python Tightwad does not know it either
    not_usable,     // its value is wrong, and the default holds
};

// "no counterpart", …
[[nodiscard]] std::string_view word_of(difference_kind kind);

struct difference {
    location at;
    std::string key; // "proxy.max_draft_tokens"
    difference_kind kind = difference_kind::no_counterpart;
    std::string message; // a sentence or two; holds no token, no password and no value of an environment variable
};

class differences {
  public:
    void add(difference_kind kind, const location& at, std::string_view key, std::string_view message);
    [[nodiscard]] std::vector<difference> in_order(); // of the file; leaves nothing behind

  private:
    std::vector<difference> all_;
};

} // namespace tw::migrate
