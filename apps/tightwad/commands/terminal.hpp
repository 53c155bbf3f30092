// How the program speaks: colours only on a terminal, tables, one redrawn line of progress.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace tw::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1; // it could not be done now
inline constexpr int exit_usage = 2;   // the command line or the configuration is wrong

enum class tint { plain, bold, dim, red, green, yellow };

// `text` in a colour when `fd` is a terminal that wants one (NO_COLOR and TERM=dumb are honoured).
[[nodiscard]] std::string paint(int fd, tint colour, std::string_view text);
[[nodiscard]] bool is_terminal(int fd);

// "error: …" on stderr; returns `exit_code`.
int complain(std::string_view sentence, int exit_code);

// The log goes to stderr, from `usual_level` on or what TIGHTWAD_LOG says. Once, before anything logs.
void log_to_stderr(const char* usual_level);

// The log goes also to state_folder()/logs/NAME.log, of which 20 MB are kept. A folder that cannot be written is
// worth a warning. After log_to_stderr(), before other threads start.
void log_to_file(const std::string& name);

// Columns as wide as their longest cell; the first row is the heading. On stdout.
void print_table(const std::vector<std::vector<std::string>>& rows);

// Shown on stderr: a bar redrawn in place on a terminal, otherwise a line of the log for every 10 %.
class progress_line {
  public:
    explicit progress_line(std::string what) : what_(std::move(what)) {}
    void show(float part); // 0 … 1; one thread at a time
    void clear();

  private:
    std::string what_;
    int shown_percent_ = -1;
};

} // namespace tw::cli
