// How fast this machine reads its memory.
#pragma once

namespace tw::memory {

// Bytes a second that so many threads read together from memory that is in no cache: the best of a few goes, which take
// a tenth of a second or two. 0 = there is no room for the 64 MiB a thread.
[[nodiscard]] double read_speed(unsigned threads);

} // namespace tw::memory
