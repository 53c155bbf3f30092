// How many files and connections this process may have open.
#pragma once

namespace tw::cli {

// Takes as many as the system grants without asking (the hard limit of RLIMIT_NOFILE): a login usually begins with 1024,
// and a stream through a server elsewhere takes two.
void allow_many_descriptors();

} // namespace tw::cli
