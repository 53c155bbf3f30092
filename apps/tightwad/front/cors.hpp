// What a browser is told about pages of other origins.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "front/http_types.hpp"

namespace tw::front {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// The headers that let the page read a reply; none for a page that is not on the list.
[[nodiscard]] header_list cors_headers(const std::vector<std::string>& allowed,
                                       const request_head& head);

/// Whether a browser sends it for a page that is not on the list. It does so unasked, so what a request changes must not
/// hang on the page's being unable to read the reply.
[[nodiscard]] bool from_unlisted_page(const std::vector<std::string>& allowed, const request_head& head);

/// The answer to OPTIONS: 204, with permission for a page on the list.
[[nodiscard]] reply preflight_reply(const std::vector<std::string>& allowed,
                                    const request_head& head, const std::string& methods);

} // namespace tw::front
