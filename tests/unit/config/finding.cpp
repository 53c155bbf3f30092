// Which file is taken, and where secrets come from.
#include <filesystem>

#include <catch2/catch_test_macros.hpp>

#include "config/paths.hpp"
#include "environment.hpp"
#include "lookup.hpp"
#include "support/scratch_folder.hpp"

namespace fs = std::filesystem;
using tw::test::variable;

namespace {

// A scratch folder that is the current one, and the home, while it lives.
struct scratch : tw::test::scratch_folder {
    fs::path before = fs::current_path();
    variable home{"HOME", (path() / "home").string()}, xdg{"XDG_CONFIG_HOME", ""}, named{"TIGHTWAD_CONFIG", ""};

    scratch() { fs::current_path(path()); }
    ~scratch() { fs::current_path(before); }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
};

} // namespace

TEST_CASE("the configuration is searched from the nearest place to the farthest") {
    const scratch here;
    const auto none = tw::find_config({});
    REQUIRE(none.has_error());
    for (const char* place : {"./tightwad.toml", "./configs/tightwad.toml",
                              "/home/.config/tightwad/config.toml", "/home/.tightwad/config.toml"})
        CHECK(none.error().message.find(place) != std::string::npos);

    const fs::path old = here.write("home/.tightwad/config.toml");
    CHECK(*tw::find_config({}) == old);
    const fs::path user = here.write("home/.config/tightwad/config.toml");
    CHECK(*tw::find_config({}) == user);
    here.write("configs/tightwad.toml");
    CHECK(*tw::find_config({}) == "./configs/tightwad.toml");
    here.write("tightwad.toml");
    CHECK(*tw::find_config({}) == "./tightwad.toml");
    const fs::path other = here.write("other.toml");
    const variable named("TIGHTWAD_CONFIG", other.string());
    CHECK(*tw::find_config({}) == other);
    CHECK(*tw::find_config("tightwad.toml") == "tightwad.toml");
}

TEST_CASE("a file that was asked for and is not there is never replaced by another") {
    const scratch here;
    here.write("tightwad.toml");
    CHECK(tw::find_config("gone.toml").error().message ==
          "The configuration file gone.toml (given with -c) is not there.");
    const variable named("TIGHTWAD_CONFIG", "lost.toml");
    CHECK(tw::find_config({}).error().message ==
          "The configuration file lost.toml (named by TIGHTWAD_CONFIG) is not there.");
}

TEST_CASE("a secret comes from a variable or a file, without its line break") {
    using kind = tw::secret_ref::kind;
    const scratch here;
    const variable set("TIGHTWAD_TEST_SECRET", "abc");
    CHECK(*tw::read_secret({kind::env, "TIGHTWAD_TEST_SECRET"}) == "abc");
    CHECK(tw::read_secret({kind::env, "TIGHTWAD_TEST_NONE"}).error().message ==
          "The environment variable TIGHTWAD_TEST_NONE, which the configuration names for a secret, is "
          "not set.");
    CHECK(*tw::read_secret({kind::file, here.write("key", "abc\r\n")}) == "abc");
    CHECK(tw::read_secret({kind::file, here.write("none", "\n")}).has_error());
    CHECK(tw::read_secret({kind::file, "/nowhere/key"}).has_error());
}

TEST_CASE("a secret that is a reference nothing replaced is an error, and is not shown") {
    using kind = tw::secret_ref::kind;
    const scratch here;
    const variable set("TIGHTWAD_TEST_SECRET", "${OPENROUTER_API_KEY}"), close("TIGHTWAD_TEST_CLOSE", "${not-a-name}x");
    const auto failed = tw::read_secret({kind::env, "TIGHTWAD_TEST_SECRET"}).error();
    CHECK(failed.code == tw::code::invalid_argument);
    CHECK(failed.message == "The environment variable TIGHTWAD_TEST_SECRET, which the configuration names for a secret, holds a "
                            "reference ${...} that nothing has replaced; set it to the secret itself.");
    const auto path = here.write("key", "${KEY}\n");
    CHECK(tw::read_secret({kind::file, path}).error().message ==
          "The secret file " + path + " holds a reference ${...} that nothing has replaced; write the secret itself into it.");
    CHECK(*tw::read_secret({kind::env, "TIGHTWAD_TEST_CLOSE"}) == "${not-a-name}x");
    CHECK(*tw::read_secret({kind::file, here.write("key", "a${KEY}")}) == "a${KEY}");
}
