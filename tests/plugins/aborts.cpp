// A bad plugin: its constructor ends the process.
#include "bad_backend.h"

[[maybe_unused]] static const bool never = (std::abort(), true);
BAD_TABLE(&bad_start)
BAD_ENTRY("aborts", 0)
