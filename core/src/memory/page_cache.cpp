// mmap, mincore, read and posix_fadvise.
#include "memory/page_cache.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tw::memory {
namespace {

class open_file {
  public:
    explicit open_file(const std::filesystem::path& file) : fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (fd_ < 0 || ::fstat(fd_, &stat_) != 0)
            problem_ = std::strerror(errno);
        else if (!S_ISREG(stat_.st_mode))
            problem_ = "it is no file";
    }
    ~open_file() {
        if (fd_ >= 0) ::close(fd_);
    }
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] std::uint64_t bytes() const { return static_cast<std::uint64_t>(stat_.st_size); }
    [[nodiscard]] uid_t owner() const { return stat_.st_uid; }
    [[nodiscard]] const std::string& problem() const { return problem_; } // empty: it is open

  private:
    int fd_;
    struct stat stat_ {};
    std::string problem_;
};

error cannot(const char* what, const std::filesystem::path& file, const std::string& why) {
    return fail(code::denied, "The file " + file.string() + " cannot be " + what + ": " + why + ".");
}

// What the kernel asks before it tells the truth (mm/mincore.c).
bool may_know(const open_file& file, const std::filesystem::path& path) {
    const auto me = ::geteuid();
    return me == 0 || me == file.owner() || ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

// The resident bytes of one window of the file; -1 and errno when it cannot be mapped.
std::int64_t resident_in(int fd, std::uint64_t begin, std::size_t bytes, std::size_t page,
                         std::vector<unsigned char>& flags) {
    void* window = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(begin));
    if (window == MAP_FAILED) return -1;
    flags.resize((bytes + page - 1) / page);
    const int failed = ::mincore(window, bytes, flags.data());
    const int why = errno;
    ::munmap(window, bytes);
    errno = why;
    if (failed != 0) return -1;
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < flags.size(); ++i)
        if ((flags[i] & 1U) != 0) out += std::min(page, bytes - i * page);
    return static_cast<std::int64_t>(out);
}

} // namespace

result<residency> look_at_pages(const std::filesystem::path& path) {
    const open_file file(path);
    if (!file.problem().empty()) return cannot("read", path, file.problem());
    if (!may_know(file, path))
        return fail(code::denied, "How much of " + path.string() +
                                      " lies in memory is told only to its owner and to who may write it; ask with "
                                      "sudo.");
    constexpr std::uint64_t window = std::uint64_t{1} << 30U;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    residency out{file.bytes(), 0};
    std::vector<unsigned char> flags;
    for (std::uint64_t at = 0; at < out.file_bytes; at += window) {
        const auto found =
            resident_in(file.fd(), at, static_cast<std::size_t>(std::min(window, out.file_bytes - at)), page, flags);
        if (found < 0) return cannot("looked at", path, std::strerror(errno));
        out.resident_bytes += static_cast<std::uint64_t>(found);
    }
    return out;
}

result<void> bring_in(const std::filesystem::path& path, const std::function<bool(std::uint64_t)>& go_on) {
    const open_file file(path);
    if (!file.problem().empty()) return cannot("read", path, file.problem());
#ifdef POSIX_FADV_SEQUENTIAL
    ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_SEQUENTIAL); // a wish; reading works without
#endif
    constexpr std::size_t piece = std::size_t{4} << 20U;
    std::vector<char> buffer(piece);
    std::uint64_t done = 0;
    for (;;) {
        const auto n = ::read(file.fd(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return cannot("read", path, std::strerror(errno));
        if (n == 0) return {};
        done += static_cast<std::uint64_t>(n);
        if (!go_on(done)) return fail(code::cancelled, "Reading " + path.string() + " was ended.");
    }
}

result<void> let_go(const std::filesystem::path& path) {
#ifdef __linux__
    const open_file file(path);
    if (!file.problem().empty()) return cannot("read", path, file.problem());
    if (const int failed = ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED); failed != 0)
        return cannot("let go of", path, std::strerror(failed));
    return {};
#else
    return fail(code::unsupported, "This system has no call that lets go of the pages of " + path.string() + ".");
#endif
}

} // namespace tw::memory
