// The pages of a file that lie in memory: counted, brought in, let go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/error.hpp"

namespace tw::memory {

struct residency {
    std::uint64_t file_bytes = 0, resident_bytes = 0; // the latter in whole pages, the last one cut at the file's end
};

// As mincore(2) counts. Linux tells only who owns the file or may write it, and tells others that all of it is there;
// they are refused here (denied).
[[nodiscard]] result<residency> look_at_pages(const std::filesystem::path& file);

// Reads the file from end to end, so that it lies in memory as far as there is room. `go_on` is asked after every
// piece with the bytes read so far; false ends it (cancelled).
[[nodiscard]] result<void> bring_in(const std::filesystem::path& file, const std::function<bool(std::uint64_t)>& go_on);

// Lets go of the file's pages that no process maps and that are written back: posix_fadvise(POSIX_FADV_DONTNEED). What
// a process still maps stays, for it would be read again at once. Linux alone; elsewhere unsupported.
[[nodiscard]] result<void> let_go(const std::filesystem::path& file);

} // namespace tw::memory
