// The probe on engines whose logits depend on the shape of a pass in known ways.
#include "exactness/probe.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "unit/exactness/shape_engine.hpp"

using tw::exactness_class;
using tw::row_range;

namespace {

tw::exactness_report probed(const std::string& engine, const tw::probe_options& options = {}) {
    const auto model = shape::model(engine);
    auto report = tw::probe(*model, options, {});
    REQUIRE(report.has_value());
    return std::move(*report);
}

tw::exactness_report hasty(const std::string& engine) {
    tw::probe_options options;
    options.stop_at_first_difference = true;
    return probed(engine, options);
}

bool mentions(const tw::exactness_report& report, std::string_view words) {
    return std::any_of(report.findings.begin(), report.findings.end(),
                       [&](const auto& each) { return each.find(words) != std::string::npos; });
}

} // namespace

TEST_CASE("an engine whose bits never change is bitwise in passes of any size") {
    const auto report = probed("{}");
    CHECK(report.kind == exactness_class::bitwise);
    CHECK(report.rows == row_range{1, shape::n_batch});
    CHECK(report.reusable);
    CHECK(report.complete);
    CHECK(report.cells > 512);
    CHECK(report.findings.empty());
    CHECK(report.plain_ms > 0);
    CHECK(report.padded_ms == report.plain_ms);
    CHECK(hasty("{}").kind == exactness_class::bitwise);
}

TEST_CASE("a path that one row takes only beyond 512 cells is found") {
    const auto report = probed(R"({"single_beyond":512})");
    CHECK(report.kind == exactness_class::shape_class);
    CHECK(report.rows.least == 2);
    CHECK(report.rows.most >= 32);
    CHECK(report.reusable);
    CHECK(report.padded_ms > 0);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0] ==
          "The logits depend on the rows of a pass; these agree among themselves: 1; 2 to 128 "
          "(in short contexts all of them seem to).");
}

TEST_CASE("the range of row counts that agree is found, and that it reaches no further") {
    const auto report = probed(R"({"same_least":2,"same_most":24})");
    CHECK(report.kind == exactness_class::shape_class);
    CHECK(report.rows == row_range{2, 24});
    CHECK(report.reusable);
    CHECK(report.complete);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0] == "The logits depend on the rows of a pass; these agree among "
                                "themselves: 1; 2 to 24; 32; 64; 128.");
}

TEST_CASE("a range that needs no padding is left whole, and neighbours that do not fit are not its "
          "fault") {
    const auto report = probed(R"({"same_least":1,"same_most":3})");
    CHECK(report.kind == exactness_class::shape_class);
    CHECK(report.rows == row_range{1, 3});
    CHECK(report.padded_ms == report.plain_ms);
    CHECK(probed(R"({"same_least":1,"same_most":32})").rows == row_range{1, 32});
}

TEST_CASE("small passes that differ from all larger ones are padded, the prompt's last chunk too") {
    const auto report = probed(R"({"same_least":16,"pass_us":1500})");
    CHECK(report.kind == exactness_class::shape_class);
    CHECK(report.rows == row_range{16, 128});
    CHECK(report.reusable);
    // A range of several sizes is worth no more than twice the step of a single one.
    CHECK(probed(R"({"same_least":16,"row_us":100})").rows.most < 16);
}

TEST_CASE("where no two row counts agree, the class is one row count, and one row where no draft "
          "may be longer") {
    const auto report = probed(R"({"same_least":1,"same_most":1})");
    CHECK(report.kind == exactness_class::shape_class);
    CHECK(report.rows.least == report.rows.most);
    tw::probe_options one;
    one.most_rows = 1;
    const auto alone = probed(R"({"same_least":1,"same_most":1})", one);
    CHECK(alone.kind == exactness_class::shape_class);
    CHECK(alone.rows == row_range{1, 1});
}

TEST_CASE("a chunk of the prompt that differs keeps prefill inside smaller passes") {
    const auto report = probed(R"({"odd_chunk":37})");
    CHECK(report.kind == exactness_class::shape_class);
    CHECK(report.rows == row_range{1, 32});
    CHECK(mentions(report, "chunks of 37 rows"));
}

TEST_CASE("bits that neighbours in a pass change leave passes of one sequence, and those that wait beside it promise nothing") {
    const auto beside = probed(R"({"beside":true})");
    CHECK(beside.kind == exactness_class::shape_class);
    CHECK(beside.one_sequence);
    CHECK(beside.rows == row_range{1, 128});
    CHECK(mentions(beside, "Beside 1 other sequence the logits differ"));
    CHECK(hasty(R"({"beside":true})").kind == exactness_class::numeric);
    CHECK_FALSE(probed(R"({"same_least":2,"same_most":24})").one_sequence);
    CHECK(mentions(probed(R"({"leftovers":true})"), "Beside 1 other sequence"));
    CHECK(probed(R"({"leftovers":true})").kind == exactness_class::numeric);
    CHECK(probed(R"({"beside":true,"slots":1})").kind == exactness_class::bitwise);
}

TEST_CASE("bits that a roll-back changes promise nothing") {
    const auto report = probed(R"({"roll_back":true})");
    CHECK(report.kind == exactness_class::numeric);
    CHECK(mentions(report, "after a roll-back"));
}

TEST_CASE("an engine that never gives the same bits twice is numeric") {
    const auto report = probed(R"({"noise":true})");
    CHECK(report.kind == exactness_class::numeric);
    CHECK(mentions(report, "other logits the second time"));
}

TEST_CASE("cells from decoding that differ from prefill's are not to be reused") {
    const auto report = probed(R"({"decoded":true})");
    CHECK(report.kind == exactness_class::shape_class);
    CHECK_FALSE(report.reusable);
    CHECK(report.rows.least == 1);
    CHECK(mentions(report, "A text that was answered"));
}

TEST_CASE("an output layer that depends on its rows is not bitwise") {
    const auto report = probed(R"({"output_rows":true})");
    CHECK(report.kind != exactness_class::bitwise);
}

TEST_CASE("a context shorter than 512 cells is probed to its end") {
    const auto report = probed(R"({"context":256})");
    CHECK(report.kind == exactness_class::bitwise);
    CHECK(report.cells == 256);
    CHECK(report.complete);
    // A path that begins near the end of such a context is still seen.
    CHECK(probed(R"({"context":256,"single_beyond":230})").rows.least == 2);
    CHECK(probed(R"({"context":64,"slots":2})").kind == exactness_class::bitwise);
    const auto tiny = probed(R"({"context":48})");
    CHECK(tiny.kind == exactness_class::numeric);
    CHECK_FALSE(tiny.complete);
    CHECK(mentions(tiny, "A context of 48 tokens"));
}

TEST_CASE("every number of sequences can be probed") {
    for (const auto* slots : {"1", "2", "3", "4", "7", "8", "20"})
        CHECK(probed(std::string(R"({"slots":)") + slots + "}").kind == exactness_class::bitwise);
}

TEST_CASE("stopping at the first difference names it and claims nothing") {
    for (const auto* engine :
         {R"({"single_beyond":512})", R"({"same_least":2})", R"({"same_most":100})",
          R"({"beside":true})", R"({"odd_chunk":37})", R"({"decoded":true})"}) {
        const auto report = hasty(engine);
        CHECK(report.kind == exactness_class::numeric);
        CHECK_FALSE(report.complete);
        CHECK(report.rows == row_range{1, shape::n_batch});
        CHECK(report.findings.size() == 1);
    }
    CHECK(hasty(R"({"single_beyond":512})").findings[0] ==
          "In a pass of 2 rows the logits differ from those of one row "
          "at a time, with 544 cells in use.");
}

TEST_CASE("an engine that cannot roll back is not decoded with") {
    const auto report = probed(R"({"truncates":false,"fail_at":1})");
    CHECK(report.kind == exactness_class::numeric);
    CHECK(report.rows == row_range{1, shape::n_batch});
    CHECK_FALSE(report.complete);
    CHECK(mentions(report, "cannot roll its cache back"));
}

TEST_CASE("progress grows to one, and giving up is a cancelled probe with empty caches") {
    const auto model = shape::model();
    std::vector<float> seen;
    REQUIRE(
        tw::probe(*model, {}, [&](float part) { return seen.push_back(part), true; }).has_value());
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(seen.back() == 1.0F);
    CHECK(seen[seen.size() - 2] > 0.5F);

    int left = 40;
    const auto cancelled = tw::probe(*model, {}, [&](float) { return --left > 0; });
    REQUIRE_FALSE(cancelled.has_value());
    CHECK(cancelled.error().code == tw::code::cancelled);
    const tw_row first{0, 0, 0, 1};
    CHECK(model->decode({&first, 1}).has_value()); // position 0 is free again
}

TEST_CASE("what the engine fails with is the probe's error") {
    const auto model = shape::model(R"({"fail_at":30})");
    const auto report = tw::probe(*model, {}, {});
    REQUIRE_FALSE(report.has_value());
    CHECK(report.error().message == "The engine was told to fail here.");
}
