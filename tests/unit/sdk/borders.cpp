// The walls between the rooms: what compiles alone, who includes whom, what a document quotes.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace fs = std::filesystem;

namespace {

const fs::path source = TW_SOURCE_DIR;

std::string text_of(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}

std::vector<fs::path> files_below(const fs::path& folder,
                                  std::initializer_list<std::string_view> kinds) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        for (const auto kind : kinds)
            if (entry.path().extension() == kind) out.push_back(entry.path());
    return out;
}

bool compiles(const std::string& compiler, const fs::path& header) {
    return std::system((compiler + " -pedantic -Wall -Wextra -Wshadow -Werror -fsyntax-only -I" +
                        (source / "sdk/include").string() + " -I" +
                        (source / "sdk/testkit/include").string() + " -include " + header.string() +
                        " /dev/null")
                           .c_str()) == 0;
}

} // namespace

TEST_CASE("every header of the contract compiles alone as C11 and as C++20") {
    const auto headers = files_below(source / "sdk/include/tightwad/abi", {".h"});
    REQUIRE(headers.size() >= 11);
    for (const auto& header : headers) {
        INFO(header);
        CHECK(compiles(TW_C_COMPILER " -std=c11 -x c", header));
        CHECK(compiles(TW_CXX_COMPILER " -std=c++20 -x c++", header));
    }
}

TEST_CASE("every header of the SDK and the testkit compiles alone") {
    for (const auto* folder : {"sdk/include/tightwad/sdk", "sdk/testkit/include"})
        for (const auto& header : files_below(source / folder, {".hpp"})) {
            INFO(header);
            CHECK(compiles(TW_CXX_COMPILER " -std=c++20 -Wconversion -x c++", header));
        }
}

TEST_CASE("plugins and the SDK include nothing of core") {
    std::vector<std::string> rooms{"core/"};
    for (const auto& room : fs::directory_iterator(source / "core/src"))
        rooms.push_back(room.path().filename().string() + "/");
    for (const auto* folder : {"plugins", "sdk"})
        for (const auto& file : files_below(source / folder, {".h", ".hpp", ".c", ".cpp"})) {
            std::istringstream lines(text_of(file));
            for (std::string line; std::getline(lines, line);) {
                if (!line.starts_with("#include")) continue;
                for (const auto& room : rooms) {
                    INFO(file << ": " << line);
                    CHECK(line.find("\"" + room) == std::string::npos);
                    CHECK(line.find("core/src") == std::string::npos);
                }
            }
        }
}

TEST_CASE("a plugin's build file links nothing of core") {
    for (const auto& file : files_below(source / "plugins", {".txt", ".cmake"})) {
        INFO(file);
        CHECK(text_of(file).find("tw_") == std::string::npos);
        CHECK(text_of(file).find("core/") == std::string::npos);
    }
}

TEST_CASE("the contract names no C++ library and the SDK needs none but the standard one") {
    for (const auto& file : files_below(source / "sdk/include", {".h", ".hpp"})) {
        const auto text = text_of(file);
        INFO(file);
        for (const auto* stranger : {"<boost/", "<nlohmann/", "<spdlog/", "<openssl/"})
            CHECK(text.find(stranger) == std::string::npos);
    }
}

TEST_CASE("the echo example is at most 20 lines and the document quotes it word for word") {
    const auto example = text_of(source / "sdk/examples/echo/echo.cpp");
    CHECK(std::count(example.begin(), example.end(), '\n') <= 20);
    CHECK(text_of(source / "docs/writing-a-plugin.md").find("```cpp\n" + example + "```") !=
          std::string::npos);
    CHECK(text_of(source / "docs/writing-a-plugin.md")
              .find("```cmake\n" + text_of(source / "sdk/examples/echo/CMakeLists.txt") + "```") !=
          std::string::npos);
}
