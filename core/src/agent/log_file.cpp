// Append, rename, begin anew.
#include "agent/log_file.hpp"

#include <algorithm>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.hpp"

namespace tw::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t most_read = 1U << 20U;

} // namespace

log_file::log_file(fs::path path, std::uint64_t max_bytes) : path_(std::move(path)), max_bytes_(max_bytes) {
    std::error_code failed;
    fs::create_directories(path_.parent_path(), failed);
    open();
}

log_file::~log_file() {
    if (file_ >= 0) ::close(file_);
}

void log_file::open() {
    if (file_ >= 0) ::close(file_);
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    std::error_code failed;
    size_ = fs::file_size(path_, failed);
    if (failed) size_ = 0;
}

void log_file::write(std::string_view bytes) {
    if (size_ + bytes.size() > max_bytes_ && size_ > 0) {
        std::error_code failed;
        auto old = path_;
        old += ".1";
        fs::rename(path_, old, failed);
        open();
    }
    if (file_ < 0) return;
    if (const auto written = ::write(file_, bytes.data(), bytes.size()); written > 0)
        size_ += static_cast<std::uint64_t>(written);
}

std::vector<std::string> last_lines(std::string_view text, std::size_t count) {
    std::vector<std::string> out;
    while (text.ends_with('\n')) text.remove_suffix(1);
    while (!text.empty() && out.size() < count) {
        const auto before = text.rfind('\n');
        const auto begin = before == std::string_view::npos ? 0 : before + 1;
        auto line = text.substr(begin);
        if (line.ends_with('\r')) line.remove_suffix(1);
        out.push_back(to_valid_utf8(line));
        text = text.substr(0, begin == 0 ? 0 : before);
    }
    std::ranges::reverse(out);
    return out;
}

std::vector<std::string> last_lines_of(const fs::path& file, std::size_t count) {
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    if (!in) return {};
    const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(0, in.tellg()));
    const auto length = std::min(size, most_read);
    in.seekg(static_cast<std::streamoff>(size - length));
    std::string text(length, '\0');
    in.read(text.data(), static_cast<std::streamsize>(length));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return last_lines(text, count);
}

} // namespace tw::agent
