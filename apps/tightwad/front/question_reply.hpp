// What was found, in the words of the API that asked.
#pragma once

#include <string>

#include "front/question_request.hpp"

namespace tw::front {

/// The body of a 200. `model` is the name to tell. `found` answers `asked.what`; `documents` of a
/// rerank_question are told from there.
[[nodiscard]] std::string question_reply(const question_request& asked, const std::string& model,
                                         const finding& found);
/// Likewise, where there was nothing to ask.
[[nodiscard]] std::string loaded_reply(const question_request& asked, const std::string& model);

} // namespace tw::front
