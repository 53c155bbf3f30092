// A log that does not grow without end, and the last lines of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tw::agent {

inline constexpr std::uint64_t max_log_bytes = 10'000'000;

// Appends to a file; at `max_bytes` it becomes FILE.1 and a new one begins. A disk that is full loses lines, and
// nothing else. One thread at a time.
class log_file {
  public:
    explicit log_file(std::filesystem::path path, std::uint64_t max_bytes = max_log_bytes);
    ~log_file();
    log_file(const log_file&) = delete;
    log_file& operator=(const log_file&) = delete;

    void write(std::string_view bytes);

  private:
    void open();

    const std::filesystem::path path_;
    const std::uint64_t max_bytes_;
    int file_ = -1;
    std::uint64_t size_ = 0;
};

// At most `count` lines from the end of a text, or of a file (none when it is not there), oldest first, as
// valid UTF-8.
[[nodiscard]] std::vector<std::string> last_lines(std::string_view text, std::size_t count);
[[nodiscard]] std::vector<std::string> last_lines_of(const std::filesystem::path& file, std::size_t count);

} // namespace tw::agent
