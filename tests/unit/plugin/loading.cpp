// What a loaded plugin says about itself.
#include <catch2/catch_test_macros.hpp>

#include <tightwad/abi/ext/backend.h>
#include <tightwad/abi/ext/engine.h>

#include "plugin/rehearse.hpp"
#include "plugin/sha256.hpp"
#include "plugin/vtable.hpp"
#include "unit/plugin/plugin_folder.hpp"

TEST_CASE("a loaded plugin states what it is and what it offers") {
    const plugin_folder folder;
    const auto file = folder.copy("echo.so");
    const auto found = folder.scan();
    const auto* echo = found.find("echo");
    REQUIRE(echo != nullptr);
    CHECK(echo->version == "0.1.0");
    CHECK(echo->summary == "Answers with the last message it was sent.");
    CHECK(echo->path == file);
    CHECK(echo->sha256 == *tw::sha256_of_file(file));
    CHECK(echo->abi_minor == TW_ABI_MINOR);
    CHECK(echo->query(TW_BACKEND_V1) != nullptr);
    CHECK(echo->query(TW_ENGINE_V1) == nullptr);
    CHECK(found.searched() == std::vector{folder.path()});
}

TEST_CASE("an option that nobody could use is a fault of the table") {
    const plugin_folder folder;
    folder.copy("good.so");
    const auto found = folder.scan();
    auto api = *static_cast<const tw_backend_v1*>(found.find("good")->query(TW_BACKEND_V1));
    tw_option option{sizeof(tw_option), TW_OPTION_STRING, "url", nullptr, "Where it is.", 0, 0, 0};
    const tw_option* const table[] = {&option, nullptr};
    api.options = table;
    CHECK_FALSE(tw::vtable_fault(api));
    option.name = nullptr;
    CHECK(tw::vtable_fault(api) == "has a fault in option 1 of tightwad.backend/1: it has no name");
    option.name = "url";
    option.type = 9;
    CHECK(tw::vtable_fault(api) ==
          "has a fault in option 1 of tightwad.backend/1: its type is unknown");
    const std::vector<const tw_option*> endless(300, &option);
    option.type = TW_OPTION_STRING;
    api.options = endless.data();
    CHECK(tw::vtable_fault(api) ==
          "has a fault in option 257 of tightwad.backend/1: there are more than 256");
    api.options = nullptr;
    api.size = 8;
    CHECK(tw::vtable_fault(api) ==
          "has a table of 8 bytes for tightwad.backend/1 where the contract needs 40");
}

TEST_CASE("a child that does not end in time is ended") {
    const auto why = tw::rehearse(std::filesystem::path(TW_BINARY_DIR) / "tests/plugins/good.so",
                                  std::chrono::milliseconds{0});
    if (why) // the child may have been quicker than the look at the clock
        CHECK(
            *why ==
            "good.so was still loading after 0 ms in a process of its own, so it was not loaded.");
}

TEST_CASE("sha256 of a file is the known one") {
    const plugin_folder folder;
    CHECK(*tw::sha256_of_file(folder.write("abc", "abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_FALSE(tw::sha256_of_file(folder.path() / "missing").has_value());
}
