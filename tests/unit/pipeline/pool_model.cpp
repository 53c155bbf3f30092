// What `tightwad swap` takes for a model. What it says of the file itself is tried in tests/live/swap.mjs.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "pipeline/pool_model.hpp"
#include "support/scratch_folder.hpp"

using namespace tw;
using Catch::Matchers::ContainsSubstring;

namespace {

struct scratch : test::scratch_folder {
    configuration config;

    scratch() {
        config.path = path() / "c.toml";
        for (const auto& [backend, pool] : {std::pair("large", "den"), {"larger", "den"}, {"far", "attic"}, {"small", ""}}) {
            node_config node;
            node.name = backend;
            node.pool = pool;
            node.options_json = R"({"model_path":"/models/)" + std::string(backend) + R"(.gguf","context":512})";
            config.nodes.push_back(node);
        }
        write("new.gguf");
    }
    [[nodiscard]] result<pool_model> find(const std::string& asked) const {
        return find_pool_model(asked, {"large", "large"}, config);
    }
};

} // namespace

TEST_CASE("a backend over the same pool is meant by its name, a file by its place") {
    const scratch here;
    const auto named = here.find("larger");
    REQUIRE(named.has_value());
    CHECK(named->backend == "larger");
    CHECK(named->file.empty());
    const auto written = here.find("new.gguf"); // beside the configuration
    REQUIRE(written.has_value());
    CHECK(written->name == "new.gguf");
    CHECK(written->backend == "large");
    CHECK(written->file == (here.path() / "new.gguf").string());
    CHECK(here.find((here.path() / "new.gguf").string()).has_value());
}

TEST_CASE("what is no model of the pool is refused with what there is") {
    const scratch here;
    const auto typo = here.find("lage");
    REQUIRE(typo.has_error());
    CHECK(typo.error().code == code::not_found);
    CHECK_THAT(typo.error().message, ContainsSubstring("neither a backend \"lage\"") && ContainsSubstring("Did you mean \"large\"?") &&
                                         ContainsSubstring("\"large\", \"larger\"") && !ContainsSubstring("\"far\""));
    CHECK(here.find("").error().code == code::not_found);
    CHECK(here.find(".").error().code == code::not_found); // a folder
    for (const char* elsewhere : {"far", "small"}) {
        const auto refused = here.find(elsewhere);
        REQUIRE(refused.has_error());
        CHECK_THAT(refused.error().message, ContainsSubstring("does not lie over the pool \"den\""));
    }
}

TEST_CASE("a file takes the place of a backend's, whose other keys stay") {
    const scratch here;
    const auto& large = *here.config.node("large");
    CHECK(options_of(large, "") == large.options_json);
    const auto other = nlohmann::json::parse(options_of(large, "/x y/\"new\".gguf"));
    CHECK(other == nlohmann::json{{"model_path", "/x y/\"new\".gguf"}, {"context", 512}});
}
