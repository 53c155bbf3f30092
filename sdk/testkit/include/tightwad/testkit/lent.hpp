// Memory that is lent to a plugin for one call and can be taken back: a later touch is a fault.
#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include <tightwad/abi/base.h>

namespace tw::testkit {

// A text on pages of its own, ending right before a page that nobody may read, so that reading past
// the end faults too. take_back() makes every later read fault. Linux.
class lent_text {
  public:
    explicit lent_text(std::string_view text) : size_(text.size()) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        usable_ = (text.size() / page + 1) * page;
        void* at = ::mmap(nullptr, usable_ + page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED) throw std::bad_alloc();
        pages_ = static_cast<char*>(at);
        begin_ = pages_ + usable_ - size_;
        if (size_ != 0) std::memcpy(begin_, text.data(), size_);
        ::mprotect(pages_ + usable_, page, PROT_NONE);
        remember({reinterpret_cast<std::uintptr_t>(pages_),
                  reinterpret_cast<std::uintptr_t>(pages_) + usable_ + page});
    }
    lent_text(const lent_text&) = delete;
    lent_text& operator=(const lent_text&) = delete;
    // The pages stay reserved: their addresses must not become somebody else's valid memory.
    ~lent_text() { take_back(); }

    [[nodiscard]] tw_str get() const { return {begin_, size_}; }
    void take_back() { ::mprotect(pages_, usable_, PROT_NONE); }

    // From now on a touch of lent memory writes `line` to `fd` and ends the process with status 1.
    static void report_touches(int fd, const char* line) {
        report_fd = fd;
        report_line = line;
        struct sigaction action {};
        action.sa_flags = SA_SIGINFO;
        action.sa_sigaction = &on_fault;
        ::sigaction(SIGSEGV, &action, nullptr);
        ::sigaction(SIGBUS, &action, nullptr);
    }

  private:
    struct range {
        std::uintptr_t begin, end;
    };
    static constexpr std::size_t max_ranges = 4096;
    inline static std::array<range, max_ranges> ranges{};
    inline static std::atomic<std::size_t> n_ranges{0};
    inline static int report_fd = -1;
    inline static const char* report_line = "";

    static void remember(range added) {
        const auto at = n_ranges.load();
        if (at == max_ranges) return;
        ranges[at] = added;
        n_ranges = at + 1;
    }
    static void on_fault(int signal, siginfo_t* info, void*) {
        const auto touched = reinterpret_cast<std::uintptr_t>(info->si_addr);
        for (std::size_t i = 0; i < n_ranges; ++i) {
            if (touched < ranges[i].begin || touched >= ranges[i].end) continue;
            if (::write(report_fd, report_line, std::strlen(report_line)) < 0) ::_exit(2);
            ::_exit(1);
        }
        ::signal(signal, SIG_DFL); // not ours: let the instruction fault again and end the process
    }

    std::size_t size_, usable_ = 0;
    char* pages_ = nullptr;
    char* begin_ = nullptr;
};

} // namespace tw::testkit
