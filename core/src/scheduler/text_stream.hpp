// The text of one answer as its tokens arrive: what can be sent now, and where a stop string ends it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

/// Joins the bytes of tokens into well-formed UTF-8 and looks for stop strings. The outs of one
/// answer, joined, are the same however its bytes were split:
/// - Bytes that are not UTF-8 become U+FFFD, one per maximal subpart (Unicode 3.9). Code points
///   that are not complete yet are held back.
/// - The stop string that starts earliest in the text ends it; the stop string itself and what
///   follows are never sent. A tail that may be the beginning of a stop string is held back, also
///   when another one is complete but starts later.
/// One per answer; not thread-safe.
class text_stream {
public:
    /// Stop strings that are empty or not UTF-8 are ignored.
    explicit text_stream(std::vector<std::string> stops);

    struct out {
        std::string text;     ///< can be sent now: whole code points
        bool stopped = false; ///< a stop string ended the answer, with this token or before
    };

    /// The bytes of one token, any bytes; none at all is allowed.
    [[nodiscard]] out push(std::string_view piece_bytes);

    /// No more tokens come: what was still held back. Ask `stopped()` afterwards: the end of the
    /// text may decide for a stop string that an earlier, unfinished one kept waiting.
    [[nodiscard]] std::string finish();

    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    /// The stop string that ended the answer; empty = none did.
    [[nodiscard]] const std::string& stopped_by() const noexcept { return stopped_by_; }
    /// Bytes handed out so far, by `push` and `finish`.
    [[nodiscard]] std::size_t sent() const noexcept { return sent_; }
    /// The same with what is held back, but for an unfinished code point.
    [[nodiscard]] std::size_t seen() const noexcept { return sent_ + held_.size(); }

private:
    [[nodiscard]] std::string release(bool more_may_come);

    std::vector<std::string> stops_;
    std::size_t longest_ = 0;
    std::string bytes_; // an unfinished code point
    std::string held_;  // UTF-8, not handed out yet
    std::size_t sent_ = 0;
    bool stopped_ = false;
    std::string stopped_by_;
};

} // namespace tw
