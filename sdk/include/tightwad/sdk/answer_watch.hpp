// What every answer of a server is watched for: whether it is a refusal, and when it is left.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <tightwad/sdk/http.hpp>

namespace tw::sdk {

// Belongs to the request's thread.
class answer_watch {
  public:
    void begin(const http_head& head) { head_ = head; }
    [[nodiscard]] bool good() const { return head_.status >= 200 && head_.status < 300; }
    // A piece of the body of one that is not.
    void refuse(std::string_view bytes) { refusal_.append(bytes.substr(0, longest_refusal - refusal_.size())); }
    // As the plugin puts it.
    template <class Self> [[nodiscard]] failure refusal(const Self& self) const { return self.refusal(head_, refusal_); }

    void finish() { finished_ = std::chrono::steady_clock::now(); }
    [[nodiscard]] bool finished() const { return finished_.has_value(); }
    // A server that goes on after the answer's end is left, because the connection is not worth a wait.
    [[nodiscard]] bool lingers() const {
        return finished_ && std::chrono::steady_clock::now() - *finished_ > std::chrono::milliseconds{500};
    }

  private:
    static constexpr std::size_t longest_refusal = 64U << 10U; // of its words, that are read

    http_head head_;
    std::string refusal_;
    std::optional<std::chrono::steady_clock::time_point> finished_;
};

} // namespace tw::sdk
