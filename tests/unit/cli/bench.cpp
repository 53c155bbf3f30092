// The bench: the order it asks in, what it prints, and how it refuses.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "commands/bench_plot.hpp"
#include "commands/bench_report.hpp"
#include "program.hpp"

using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using namespace tw::cli;
using tw::test::run_tightwad;
using tw::test::scratch_folder;

namespace {

bench_options asking(std::int32_t pairs) {
    bench_options out;
    out.pairs = pairs;
    return out;
}

// Answers at once with the prompt and `tail`; no chat; notes what it was asked.
class scripted final : public tw::pipeline {
  public:
    const std::string& name() const override { return name_; }
    const std::vector<std::string>& serves() const override { return serves_; }
    nlohmann::json status() const override {
        return {{"name", "p"}, {"target", {{"model", "big"}, {"exactness", "bitwise"}, {"exactness_cost", 0.9}}}};
    }
    tw::result<std::shared_ptr<tw::generation>> start(tw::generation_request request,
                                                      std::shared_ptr<tw::generation_sink> sink) override {
        const auto* prompt = std::get_if<std::string>(&request.input);
        if (prompt == nullptr) return tw::fail(tw::code::unsupported, "no template");
        if (prompt->empty()) return tw::fail(tw::code::context_overflow, "too long");
        asked.push_back(*prompt + (request.max_tokens == 1 ? " open" : request.speculate ? " on" : " alone"));
        sink->text(*prompt);
        tw::generation_result result;
        result.tokens = {1, 2, request.speculate ? last_drafted : 3};
        result.completion_tokens = 3;
        result.stats.tokens = 3;
        result.stats.rounds = request.speculate ? 1 : 3;
        result.stats.drafted = request.speculate ? 4 : 0;
        result.stats.accepted = request.speculate ? 2 : 0;
        if (fails) {
            result.reason = tw::finish_reason::failed;
            result.failure = tw::fail(tw::code::unavailable, "The engine is gone.");
        }
        sink->done(std::move(result));
        return std::shared_ptr<tw::generation>();
    }

    std::vector<std::string> asked;
    std::int32_t last_drafted = 3;
    bool fails = false;

  private:
    std::string name_ = "p";
    std::vector<std::string> serves_{"m"};
};

bench_pair pair_of(std::size_t prompt, double on_s, double alone_s, const std::string& on_text = "same") {
    bench_pair out{.prompt = prompt};
    out.on = {.text = on_text, .total_s = on_s};
    out.alone = {.text = "same", .total_s = alone_s};
    out.on.result.completion_tokens = out.alone.result.completion_tokens = 10;
    return out;
}

} // namespace

TEST_CASE("sides are asked in ABBA order after an opener, as text where there is no template") {
    scripted models;
    const auto pairs = run_pairs(models, {"a", "b"}, asking(3), [](float) {});
    REQUIRE(pairs.has_value());
    CHECK(models.asked == std::vector<std::string>{"a open", "a on", "a alone",   // thrown away
                                                   "a open", "a on", "a alone",   //
                                                   "b open", "b alone", "b on",   //
                                                   "a open", "a on", "a alone"});
    REQUIRE(pairs->size() == 3);
    CHECK((*pairs)[2].prompt == 0);
    CHECK((*pairs)[2].on.result.stats.drafted == 4);
    CHECK((*pairs)[2].alone.result.stats.drafted == 0);
}

TEST_CASE("an answer that fails or is refused ends the bench with its reason") {
    scripted models;
    models.fails = true;
    CHECK(run_pairs(models, {"a"}, asking(1), [](float) {}).error().message == "The engine is gone.");
    CHECK(run_pairs(models, {""}, asking(1), [](float) {}).error().message == "too long");
}

TEST_CASE("one other id is found although the text is the same") {
    scripted models;
    models.last_drafted = 4;
    const auto pairs = run_pairs(models, {"a"}, asking(2), [](float) {});
    REQUIRE(pairs.has_value());
    const auto report = make_report(*pairs, 1, {}, models.status());
    CHECK(report.equal == 0);
    CHECK_FALSE(report.all_equal());
    CHECK_THAT(summary(report), ContainsSubstring("equal=0 "));
}

TEST_CASE("the report carries ratios, sources and the exactness class") {
    scripted models;
    std::vector<bench_pair> pairs{pair_of(0, 1, 2), pair_of(1, 1, 4), pair_of(0, 2, 2), pair_of(1, 1, 1, "other")};
    pairs[0].on.result.stats = {.rounds = 4, .drafted = 10, .accepted = 6, .tokens = 10, .sources = {{{0, 0}, {0, 0}, {10, 6}}}};
    const auto report = make_report(pairs, 2, asking(4), models.status());
    CHECK(report.ratio == Approx(1.5));
    CHECK(report.ratio_95.low == Approx(1));
    CHECK(report.ratio_95.high == Approx(4));
    CHECK(report.on.tok_s == Approx(10));
    CHECK(report.alone.latency_p95_ms == Approx(4000));
    CHECK(report.tokens_per_round == Approx(2.5));
    CHECK(report.exactness == "bitwise");
    CHECK(summary(report) == "equal=0.75 ratio=1.5000 ratio_low=1.0000 ratio_high=4.0000 tok_s=10.00 "
                             "tok_s_alone=5.00 ttft_ms=0.00 tokens_per_round=2.500");
    const auto json = to_json(report, pairs);
    CHECK(json["sources"]["model"]["acceptance"] == Approx(0.6));
    CHECK(json["samples"].size() == 4);
    CHECK(json["samples"][3]["equal"] == false);
    const auto svg = to_svg(report, pairs);
    CHECK_THAT(svg, ContainsSubstring("answers equal in 3 of 4 pairs") && ContainsSubstring("#c22"));
    CHECK(svg.ends_with("</svg>\n"));
}

TEST_CASE("bench refuses what it cannot measure before a model is loaded") {
    const scratch_folder folder;
    const std::string plugins = TW_BINARY_DIR "/lib/tightwad/plugins";
    static_cast<void>(folder.write("m.gguf", "no model"));
    const auto file = folder.write("c.toml", "schema = 1\n[backend.t]\nplugin = \"llamacpp\"\n"
                                             "model_path = \"m.gguf\"\n[pipeline.chat]\nserves = [\"m\"]\n"
                                             "target = \"t\"\n");
    const auto ask = [&](std::vector<std::string> more) {
        std::vector<std::string> words{"bench", "--plugins-dir", plugins, "-c", file};
        words.insert(words.end(), more.begin(), more.end());
        const auto refused = run_tightwad(words);
        CHECK(refused.code == 2);
        CHECK(refused.out.empty());
        return refused.err;
    };
    CHECK(ask({"--pipeline", "chart"}) ==
          "error: There is no pipeline \"chart\" in " + file + "; did you mean \"chat\"?\n");
    CHECK_THAT(ask({"--prompts", "/nowhere/prompts.txt"}),
               ContainsSubstring("/nowhere/prompts.txt cannot be read: No such file or directory"));
    CHECK_THAT(ask({"--prompts", folder.write("empty.txt", " \n\n")}), ContainsSubstring("holds no prompt"));
    CHECK_THAT(ask({"--pairs", "0"}), ContainsSubstring("--pairs"));
    CHECK_THAT(ask({}), ContainsSubstring("GGUF"));
}

TEST_CASE("bench measures a pipeline end to end and --json prints nothing else") {
    namespace fs = std::filesystem;
    const scratch_folder folder;
    fs::create_directory(folder.path() / "plugins");
    fs::copy_file(TW_BINARY_DIR "/tests/plugins/echo.so", folder.path() / "plugins/echo.so");
    const auto plot = (folder.path() / "plot.svg").string();
    const std::vector<std::string> words{"bench",   "--plugins-dir", (folder.path() / "plugins").string(),
                                         "-c",      TW_SOURCE_DIR "/configs/echo.toml",
                                         "--pairs", "4"};
    const auto table = run_tightwad(words);
    CHECK(table.code == 0);
    CHECK(table.err.empty());
    CHECK_THAT(table.out, ContainsSubstring("answers equal in 4 of 4 pairs") && ContainsSubstring("\nequal=1 ratio="));
    auto with_json = words;
    with_json.insert(with_json.end(), {"--json", "--plot", plot});
    const auto json = nlohmann::json::parse(run_tightwad(with_json).out);
    CHECK(json["equal"] == 4);
    CHECK(json["samples"].size() == 4);
    CHECK(fs::file_size(plot) > 500);
}
