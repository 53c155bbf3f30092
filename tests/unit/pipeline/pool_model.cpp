// What `tightwad swap` takes for a model. What it says of the file itself is tried in tests/live/swap.mjs.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

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

constexpr std::uint64_t gb = 1'000'000'000;

plan::model_shape layers_of(std::size_t count, std::uint64_t bytes, std::uint64_t expert_bytes = 0) {
    plan::model_shape out;
    out.output_bytes = gb / 2;
    out.layers.assign(count, {bytes, expert_bytes, 0});
    return out;
}

pool_config workers_with(const std::vector<std::uint64_t>& vram) {
    pool_config out;
    out.name = "den";
    for (const auto bytes : vram) {
        pool_worker worker;
        worker.name = "w" + std::to_string(out.workers.size());
        worker.vram_bytes = bytes;
        out.workers.push_back(worker);
    }
    return out;
}

std::string misfit(const plan::model_shape& shape, const pool_config& pool, const char* options,
                   std::optional<std::uint64_t> gpu_bytes = {}) {
    const auto fits = fits_pool(shape, "large", pool, nlohmann::json::parse(options), gpu_bytes);
    return fits ? "" : fits.error().message;
}

} // namespace

TEST_CASE("a GPU of this machine holds its share of what lies over a pool") {
    const auto model = layers_of(20, gb);
    const auto pool = workers_with({8 * gb, 8 * gb});
    CHECK_THAT(misfit(model, pool, "{}"), ContainsSubstring("the worker w0 would hold 11 of 20 layers"));
    CHECK(misfit(model, pool, "{}", 24 * gb).empty());
    CHECK_THAT(misfit(model, pool, "{}", 2 * gb), ContainsSubstring("the worker w0 would hold 10 of 20 layers"));
    CHECK(misfit(model, pool, "{}", 0).empty()); // it is there, and nobody knows how much it takes
    CHECK(misfit(model, pool, R"({"gpu_layers":4})").empty()); // the others stay on this machine's processor
    auto last = pool;
    last.output = "last-worker";
    CHECK(misfit(model, last, "{}", 24 * gb).empty());
}

TEST_CASE("experts that stay here or go to another worker are not counted where they are not") {
    const auto mixture = layers_of(10, 2 * gb, 18 * gb / 10);
    auto pool = workers_with({4 * gb, 4 * gb});
    CHECK_THAT(misfit(mixture, pool, "{}"), ContainsSubstring("the worker w0"));
    CHECK(misfit(mixture, pool, R"({"cpu_moe":-1})").empty());
    CHECK_THAT(misfit(mixture, pool, R"({"cpu_moe":3})"), ContainsSubstring("the worker w0 would hold 6 of 10 layers"));
    auto three = workers_with({4 * gb, 4 * gb, 20 * gb});
    three.workers[2].experts = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    CHECK(misfit(mixture, three, R"({"tensor_split":"1,1,0"})").empty());
}

TEST_CASE("a tensor_split divides in place of vram, which still says what fits") {
    const auto model = layers_of(10, gb);
    const auto pool = workers_with({8 * gb, 8 * gb});
    CHECK(misfit(model, pool, R"({"tensor_split":"1,1"})").empty());
    CHECK_THAT(misfit(model, pool, R"({"tensor_split":"3,1"})"), ContainsSubstring("the worker w0 would hold 9 of 10 layers"));
    CHECK_THAT(misfit(model, workers_with({0, gb}), R"({"tensor_split":"1,1"})"), ContainsSubstring("the worker w1"));
    CHECK(misfit(model, workers_with({0, gb}), "{}").empty()); // free memory divides
    auto long_one = layers_of(10, gb / 2);
    for (auto& each : long_one.layers) each.cache_bytes_per_token = 100'000;
    long_one.context = 32768;
    CHECK_THAT(misfit(long_one, pool, "{}"), ContainsSubstring("with the cache of 4 x 32768 tokens"));
    CHECK(misfit(long_one, pool, R"({"context":1024,"slots":1})").empty());
}

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
