// A target's cache settings, cheapest first: which are tried, which are taken, and what is refused at what price.
#include <catch2/catch_test_macros.hpp>

#include <nlohmann/json.hpp>

#include "pipeline/exact_target.hpp"
#include "unit/exactness/shape_engine.hpp"

using namespace tw;

namespace {

struct trial {
    std::vector<std::string> loaded; // the caches, in order
    result<exact_target> got = fail(code::internal, "Nothing was loaded.");
};

// `fast` and `exact` are the options of the engine that each cache makes.
trial load(const std::string& wanted, const std::string& fast, const std::string& exact, const std::string& options = "{}") {
    trial out;
    const engine_maker make = [&](const std::string& with, const exact_progress&) -> result<std::unique_ptr<engine>> {
        out.loaded.push_back(nlohmann::json::parse(with).value("cache", "none"));
        return shape::model(out.loaded.back() == "exact" ? exact : fast);
    };
    out.got = load_exact_target(make, options, true, wanted, {}, [](float) { return true; });
    return out;
}

using caches = std::vector<std::string>;

constexpr auto sound = "{}";
constexpr auto pairs_up = R"({"same_least":2,"same_most":24,"pass_us":100,"row_us":100})";

} // namespace

TEST_CASE("the cheapest settings are tried first, and kept where they are bitwise") {
    const auto one = load("auto", sound, sound);
    REQUIRE(one.got.has_value());
    CHECK(one.loaded == caches{"fast"});
    CHECK(one.got->settings == "fast");
    CHECK(one.got->report.kind == exactness_class::bitwise);

    const auto two = load("auto", pairs_up, sound);
    REQUIRE(two.got.has_value());
    CHECK(two.loaded == caches{"fast", "exact"});
    CHECK(two.got->settings == "exact");
    CHECK(two.got->report.kind == exactness_class::bitwise);
}

TEST_CASE("where none is bitwise the better class is taken, and of equal ones the cheaper settings") {
    const auto pairs = load("auto", pairs_up, pairs_up);
    REQUIRE(pairs.got.has_value());
    CHECK(pairs.loaded == caches{"fast", "exact"});
    CHECK(pairs.got->report.kind == exactness_class::shape_class);
    CHECK(pairs.got->cost > 1.2); // two rows for one

    const auto noise = load("auto", R"({"noise":true})", R"({"noise":true})");
    REQUIRE(noise.got.has_value());
    CHECK(noise.loaded == caches{"fast", "exact", "fast"});
    CHECK(noise.got->settings == "fast");
    CHECK(noise.got->report.kind == exactness_class::numeric);
}

TEST_CASE("what the operator chose is the only candidate") {
    const auto got = load("auto", sound, pairs_up, R"({"cache":"exact"})");
    REQUIRE(got.got.has_value());
    CHECK(got.loaded == caches{"exact"});
    CHECK(got.got->report.kind == exactness_class::shape_class);
}

TEST_CASE("numeric takes the cheapest settings and measures nothing") {
    const auto got = load("numeric", pairs_up, sound);
    REQUIRE(got.got.has_value());
    CHECK(got.loaded == caches{"fast"});
    CHECK_FALSE(got.got->probed);
    CHECK(got.got->report.kind == exactness_class::numeric);
}

TEST_CASE("a class that is not reached is refused, with the one that is and its price") {
    const auto bitwise = load("bitwise", pairs_up, pairs_up);
    REQUIRE(bitwise.got.has_error());
    CHECK(bitwise.got.error().code == code::unsupported);
    const auto& said = bitwise.got.error().message;
    CAPTURE(said);
    const std::string begin = "exactness = \"bitwise\" is asked for, and shape on test is shape-class (passes of 2 to 24 rows "
                              "agree), and a plain step costs ";
    const std::string end = " of the cheapest one. Set exactness = \"auto\" to serve it so.";
    REQUIRE(said.starts_with(begin));
    CHECK(said.ends_with(end));
    const auto cost = std::stod(said.substr(begin.size(), said.size() - begin.size() - end.size()));
    CHECK(cost > 1.2);
    CHECK(load("shape-class", pairs_up, pairs_up).got.has_value());
    const auto noise = load("shape-class", R"({"noise":true})", R"({"noise":true})");
    REQUIRE(noise.got.has_error());
    CHECK(noise.got.error().message.find("is numeric, and a plain step costs") != std::string::npos);
}
