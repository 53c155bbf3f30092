// Runs the built program and keeps what it said.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/scratch_folder.hpp"

namespace tw::test {

struct ran {
    int code = -1; // 128 + signal when a signal ended it
    std::string out, err;
};

// `input` is its stdin. The environment is this process's, without any TIGHTWAD_ variable, with
// `variables` added. A program that does not end within 60 s is killed.
[[nodiscard]] ran run_tightwad(const std::vector<std::string>& arguments, const std::string& input = {},
                               const std::map<std::string, std::string>& variables = {});

// The program in the background; ended with SIGTERM when it is dropped.
class running_tightwad {
  public:
    explicit running_tightwad(std::vector<std::string> arguments, const std::map<std::string, std::string>& variables);
    ~running_tightwad();
    running_tightwad(const running_tightwad&) = delete;
    running_tightwad& operator=(const running_tightwad&) = delete;

    // Waits for it on stdout, 60 s at most and as long as the program runs; what stdout and stderr hold then.
    [[nodiscard]] std::string wait_for(const std::string& text);
    [[nodiscard]] int pid() const { return pid_; }
    int wait(); // for its end; the exit code as in `ran`

  private:
    [[nodiscard]] std::string said() const;
    bool has_ended();

    std::filesystem::path streams_;
    int pid_ = -1;
    int code_ = -1;
};

} // namespace tw::test
