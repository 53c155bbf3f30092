// Streams of lines, as servers send them: newline-delimited JSON, and server-sent events.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <tightwad/sdk/error.hpp>

namespace tw::sdk {

// Cuts bytes into lines, wherever the pieces were split. A line ends with \n, \r\n or \r.
class line_reader {
  public:
    static constexpr std::size_t default_limit = 1U << 20U;

    explicit line_reader(std::size_t limit = default_limit) : limit_(limit) {}

    // Calls each(std::string_view line) for every line that has become whole; the text is borrowed. Throws
    // TW_CORRUPT when a line grows beyond the limit.
    template <class Each> void feed(std::string_view bytes, Each&& each) {
        while (!bytes.empty()) {
            if (after_return_ && bytes.front() == '\n') {
                after_return_ = false;
                bytes.remove_prefix(1);
                continue;
            }
            after_return_ = false;
            const auto end = bytes.find_first_of("\r\n");
            const auto part = bytes.substr(0, end);
            if (held_.size() + part.size() > limit_)
                throw failure{TW_CORRUPT, "The server sent a line of more than " + std::to_string(limit_) + " bytes."};
            if (end == std::string_view::npos) {
                held_.append(part);
                return;
            }
            after_return_ = bytes[end] == '\r';
            bytes.remove_prefix(end + 1);
            if (held_.empty()) {
                each(part);
                continue;
            }
            held_.append(part);
            const auto line = std::exchange(held_, {});
            each(std::string_view(line));
        }
    }

    // What has come of a line that is not whole.
    [[nodiscard]] const std::string& rest() const { return held_; }

  private:
    std::size_t limit_;
    std::string held_;
    bool after_return_ = false;
};

// Server-sent events (WHATWG HTML, 9.2): the data of each event; names, ids, retries and comments are left out.
class event_reader {
  public:
    explicit event_reader(std::size_t limit = line_reader::default_limit) : limit_(limit), lines_(limit) {}

    // Calls each(std::string_view data) for every event that has become whole.
    template <class Each> void feed(std::string_view bytes, Each&& each) {
        lines_.feed(bytes, [&](std::string_view line) {
            if (first_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
            first_ = false;
            if (line.empty()) {
                if (!has_data_) return;
                has_data_ = false;
                const auto data = std::exchange(data_, {});
                each(std::string_view(data));
                return;
            }
            if (!line.starts_with("data")) return;
            line.remove_prefix(4);
            if (!line.empty() && line.front() != ':') return;
            if (!line.empty()) line.remove_prefix(1);
            if (line.starts_with(' ')) line.remove_prefix(1);
            if (data_.size() + line.size() > limit_)
                throw failure{TW_CORRUPT, "The server sent an event of more than " + std::to_string(limit_) + " bytes."};
            if (has_data_) data_.push_back('\n');
            data_.append(line);
            has_data_ = true;
        });
    }

    // Whether an event has begun that is not whole.
    [[nodiscard]] bool in_event() const { return has_data_ || !lines_.rest().empty(); }

  private:
    std::size_t limit_;
    line_reader lines_;
    std::string data_;
    bool first_ = true, has_data_ = false;
};

} // namespace tw::sdk
