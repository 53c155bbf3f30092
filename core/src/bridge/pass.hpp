// A request that is handed on to a server as it came, and where the server's answer goes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace tw {

// A POST, as abi/ext/pass.h has it.
struct pass_request {
    std::string target{}; // path and query: "/v1/audio/speech"
    std::string content_type{}, accept{}; // empty = not sent
    std::string body{};
    std::size_t name_at = 0, name_size = 0; // the bytes of the body that name the model; size 0 = none do
    bool name_is_json = false;              // with quotes; else plain text
};

struct pass_head {
    int status = 0; // 200 … 599
    std::vector<std::pair<std::string, std::string>> headers{}; // names in lower case
};

// Any thread, never two calls at once, but for full(); must not block or throw.
class pass_sink {
  public:
    virtual ~pass_sink() = default;
    // At most once, before any byte. Whatever the status is, it is no failure.
    virtual void head(pass_head head) = 0;
    virtual void bytes(std::string_view piece) = 0;
    // Whether the client is behind: no more bytes should come until it is not.
    [[nodiscard]] virtual bool full() const = 0;
    // Exactly once, last. None = the answer came whole.
    virtual void done(std::optional<error> failure) = 0;
};

} // namespace tw
