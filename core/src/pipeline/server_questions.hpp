// Questions as the JSON that a server is asked with, and its replies read back.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/questions.hpp"

namespace tw {

// As abi/ext/question.h has them.
struct server_question {
    std::string what, json;
};
[[nodiscard]] server_question to_server(const question& asked);

// `reply` to `asked`, checked. Any bytes are safe. `corrupt` names what is wrong with them.
[[nodiscard]] result<finding> from_server(const question& asked, std::string_view reply);

} // namespace tw
