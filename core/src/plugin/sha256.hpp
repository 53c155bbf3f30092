// SHA-256 of a file or a text, in lower-case hex.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tw {

// Fed piece by piece. One thread at a time.
class sha256 {
  public:
    sha256();
    ~sha256();
    sha256(const sha256&) = delete;
    sha256& operator=(const sha256&) = delete;

    void update(std::string_view bytes);
    [[nodiscard]] std::string hex(); // once, last

  private:
    struct state;
    std::unique_ptr<state> state_;
};

[[nodiscard]] result<std::string> sha256_of_file(const std::filesystem::path& path);

} // namespace tw
