// What a plugin throws to fail, and how that becomes a tw_error without crossing the border.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <tightwad/abi/base.h>

namespace tw::sdk {

// Throw it from any function the SDK calls. The message is one plain sentence that names the thing,
// the number and the remedy; the host shows it as it is.
class failure : public std::exception {
  public:
    failure(tw_code code, std::string message, std::chrono::milliseconds retry_after = {})
        : code_(code), message_(std::move(message)), retry_after_(retry_after) {}

    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
    [[nodiscard]] tw_code code() const noexcept { return code_; }
    [[nodiscard]] std::chrono::milliseconds retry_after() const noexcept { return retry_after_; }

  private:
    tw_code code_;
    std::string message_;
    std::chrono::milliseconds retry_after_;
};

[[nodiscard]] inline std::string_view view(tw_str s) noexcept {
    return {s.data, s.data == nullptr ? 0 : s.size};
}
[[nodiscard]] inline tw_str str(std::string_view s) noexcept {
    return {s.data(), s.size()};
}

// Hands a piece of text to the host.
inline void write(const tw_writer* out, std::string_view piece) {
    if (out != nullptr && out->write != nullptr) out->write(out, str(piece));
}

// A writer that collects what it is given; pass get() where the contract wants a tw_writer.
class text_collector {
  public:
    text_collector() {
        writer_.size = sizeof writer_;
        writer_.ctx = this;
        writer_.write = [](const tw_writer* self, tw_str piece) {
            static_cast<text_collector*>(self->ctx)->text_.append(view(piece));
        };
    }
    text_collector(const text_collector&) = delete;
    text_collector& operator=(const text_collector&) = delete;

    [[nodiscard]] const tw_writer* get() const noexcept { return &writer_; }
    [[nodiscard]] std::string& text() noexcept { return text_; }

  private:
    tw_writer writer_{};
    std::string text_;
};

// The longest prefix of at most `most` bytes that does not end inside a code point.
[[nodiscard]] inline std::string_view cut_utf8(std::string_view text, std::size_t most) noexcept {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
    return text.substr(0, most);
}

namespace detail {

// Fills the caller's struct as far as its `size` reaches; a cut never splits a code point.
inline tw_code report(tw_error* out, tw_code code, std::string_view message,
                      std::int64_t retry_after_ms = 0) noexcept {
    if (out == nullptr || out->size <= offsetof(tw_error, message)) return code;
    const std::size_t room =
        std::min<std::size_t>(out->size, sizeof *out) - offsetof(tw_error, message);
    const auto shown = cut_utf8(message, room - 1);
    out->code = code;
    out->retry_after_ms = retry_after_ms;
    std::memcpy(out->message, shown.data(), shown.size());
    out->message[shown.size()] = '\0';
    return code;
}

// Runs an author's code at the border: whatever it throws becomes a code and a sentence.
template <class Body> tw_code guarded(tw_error* error, Body&& body) noexcept {
    try {
        body();
        return TW_OK;
    } catch (const failure& e) {
        const auto code = e.code() == TW_OK ? tw_code{TW_INTERNAL} : e.code();
        return report(error, code, e.what(), e.retry_after().count());
    } catch (const std::bad_alloc&) {
        return report(error, TW_UNAVAILABLE, "The plugin ran out of memory.");
    } catch (const std::exception& e) {
        return report(error, TW_INTERNAL, e.what());
    } catch (...) {
        return report(error, TW_INTERNAL, "The plugin threw something that is not an exception.");
    }
}

} // namespace detail
} // namespace tw::sdk
