// The soft limit becomes the hard one.
#include "commands/descriptors.hpp"

#include <sys/resource.h>

namespace tw::cli {

void allow_many_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace tw::cli
