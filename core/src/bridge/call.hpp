// What every wrapper of a capability does with what a plugin answers.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tightwad/abi/base.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace tw {

// The plugin did what the contract forbids. `what` ends the sentence.
[[nodiscard]] inline error broke_contract(std::string_view plugin_id, const std::string& what) {
    return fail(code::internal,
                "The plugin " + std::string(plugin_id) + " broke the contract: " + what + ".");
}

// Calls a fallible function of the contract, whose last argument is a tw_error*. No exception may
// cross the border; one that does is caught here, because the host must not die of it.
template <class Call>
[[nodiscard]] result<void> checked(std::string_view plugin_id, const char* function, Call&& call) {
    tw_error problem = empty_error();
    try {
        const tw_code answered = std::forward<Call>(call)(&problem);
        if (answered != TW_OK) return from_abi(answered, problem);
        return {};
    } catch (...) {
        return broke_contract(plugin_id, std::string(function) + " threw an exception");
    }
}

// A writer that collects at most `limit` bytes; whole() is false when more came.
class collector {
  public:
    explicit collector(std::size_t limit) : limit_(limit) {
        writer_.size = sizeof writer_;
        writer_.ctx = this;
        writer_.write = [](const tw_writer* self, tw_str piece) {
            auto& to = *static_cast<collector*>(self->ctx);
            const auto text = view(piece);
            if (text.size() > to.limit_ - to.text_.size())
                to.whole_ = false;
            else
                to.text_.append(text);
        };
    }
    collector(const collector&) = delete;
    collector& operator=(const collector&) = delete;

    [[nodiscard]] const tw_writer* get() const { return &writer_; }
    [[nodiscard]] bool whole() const { return whole_; }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::size_t limit_;
    bool whole_ = true;
    std::string text_;
    tw_writer writer_{};
};

// More than any prompt that fits a context; a plugin that writes without end is stopped here.
inline constexpr std::size_t max_written_bytes = 64U << 20U;

} // namespace tw
