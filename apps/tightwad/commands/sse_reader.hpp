// Cuts a server-sent event stream into the data of its events.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tw::cli {

class sse_reader {
  public:
    // The data of every event that `bytes` completes, in order. Pieces may be cut anywhere; comments
    // and fields other than `data` are skipped; several data lines of one event are joined by '\n'.
    [[nodiscard]] std::vector<std::string> feed(std::string_view bytes);

  private:
    void end_line(std::vector<std::string>& events);

    std::string line_, data_;
    bool has_data_ = false;
    bool after_cr_ = false;
};

} // namespace tw::cli
