// Lines end in \n, \r\n or \r; an empty line ends an event.
#include "commands/sse_reader.hpp"

#include <utility>

namespace tw::cli {

std::vector<std::string> sse_reader::feed(std::string_view bytes) {
    std::vector<std::string> events;
    for (const char byte : bytes) {
        if (byte == '\n' && std::exchange(after_cr_, false)) continue;
        after_cr_ = byte == '\r';
        if (byte == '\n' || byte == '\r') end_line(events);
        else line_.push_back(byte);
    }
    return events;
}

void sse_reader::end_line(std::vector<std::string>& events) {
    const auto line = std::exchange(line_, {});
    if (line.empty()) {
        if (std::exchange(has_data_, false)) events.push_back(std::exchange(data_, {}));
        return;
    }
    if (!line.starts_with("data:")) return;
    if (std::exchange(has_data_, true)) data_ += '\n';
    data_ += line.substr(line.starts_with("data: ") ? 6 : 5);
}

} // namespace tw::cli
