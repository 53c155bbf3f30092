// Starts another program with nothing of ours but its arguments.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.hpp"

namespace tw::agent {

struct spawned {
    pid_t pid = -1;
    int output = -1; // its stdout and stderr, to be read without blocking and closed by the caller
};

// with_caller: it is killed when the calling *thread* ends, so call from one that outlives it. its_own: it goes on
// afterwards, and is not of the caller's terminal.
enum class lifetime { with_caller, its_own };

// The child has /dev/null as stdin, no other descriptor, no blocked signal and no TIGHTWAD_ variable. The caller reaps
// it. Errors: the program cannot be run.
// `own`: the child is a part of Tightwad and gets the whole environment, and these "NAME=value" on top.
[[nodiscard]] result<spawned> spawn(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                                    const std::optional<std::vector<std::string>>& own = std::nullopt,
                                    lifetime how_long = lifetime::with_caller);

// Asks it to end by SIGTERM, kills it after 3 s, reaps it. Its status as waitpid() gives it.
[[nodiscard]] int end_child(pid_t pid);

// How a process ended, for waitpid()'s status: its exit code, or 128 + the signal.
[[nodiscard]] int exit_code_of(int status);

struct finished {
    int exit_code = 0;
    std::string output; // at most 256 KiB
};

// Runs a program to its end. Errors: it cannot be run, or it is killed because it takes longer than `limit`.
[[nodiscard]] result<finished> run_program(const std::filesystem::path& program,
                                           const std::vector<std::string>& arguments,
                                           std::chrono::milliseconds limit);

// A program's file in the folders of PATH; empty when it is in none.
[[nodiscard]] std::filesystem::path find_program(const std::string& name);

} // namespace tw::agent
