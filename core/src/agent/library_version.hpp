// Which ggml a process computes with. A program of llama.cpp says no version of its own, but the file of a library that
// it has mapped does.
#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

namespace tw::agent {

// "0.25.1", of a process of this user; empty where that is not known: the library's file says none, or the library is a
// part of the program.
[[nodiscard]] std::string ggml_version_of(pid_t pid);

// Of the lines of /proc/PID/maps.
[[nodiscard]] std::string ggml_version_in(std::string_view maps);

} // namespace tw::agent
