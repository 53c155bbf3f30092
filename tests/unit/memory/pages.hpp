// A file whose pages can be counted: on the disk of the build, since a temporary folder may itself lie in memory.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace tw::test {

class disk_file {
  public:
    disk_file(const std::string& name, std::size_t bytes, const std::string& begin = "")
        : path_(std::filesystem::canonical(TW_BINARY_DIR) / ("test-pages-" + std::to_string(::getpid()) + "-" + name)) {
        std::ofstream(path_, std::ios::binary) << begin << std::string(bytes - begin.size(), 'x');
        const int fd = ::open(path_.c_str(), O_RDONLY);
        ::fsync(fd); // pages that are not written back cannot leave
        ::close(fd);
    }
    ~disk_file() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    disk_file(const disk_file&) = delete;
    disk_file& operator=(const disk_file&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

} // namespace tw::test
