// Lines and events, whole whatever the pieces in which they came.
#include <tightwad/sdk/lines.hpp>

#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace tw::sdk;

namespace {

template <class Reader> std::vector<std::string> read(Reader reader, const std::vector<std::string_view>& pieces) {
    std::vector<std::string> out;
    for (const auto piece : pieces) reader.feed(piece, [&](std::string_view one) { out.emplace_back(one); });
    return out;
}

template <class Reader> void same_wherever_it_is_cut(std::string_view bytes, const std::vector<std::string>& expected) {
    for (std::size_t at = 0; at <= bytes.size(); ++at)
        CHECK(read(Reader(), {bytes.substr(0, at), bytes.substr(at)}) == expected);
    std::vector<std::string_view> single;
    for (std::size_t at = 0; at < bytes.size(); ++at) single.push_back(bytes.substr(at, 1));
    CHECK(read(Reader(), single) == expected);
}

} // namespace

TEST_CASE("lines end with either kind of break, wherever the bytes are cut") {
    same_wherever_it_is_cut<line_reader>("one\ntwo\r\n\nfour\r\r\nsix\rrest", {"one", "two", "", "four", "", "six"});
    line_reader reader;
    reader.feed("whole\nhal", [](std::string_view) {});
    CHECK(reader.rest() == "hal");
}

TEST_CASE("events give their data, wherever the bytes are cut") {
    const std::string_view bytes = "\xEF\xBB\xBF: a comment\n\ndata: one\n\nevent: x\ndata:two\nid: 7\ndata:  three\n\n"
                                   "data\n\nretry: 5\n\ndatum: no\n\ndata: four\r\n\r\ndata: [DONE]\n\ndata: unfinished";
    same_wherever_it_is_cut<event_reader>(bytes, {"one", "two\n three", "", "four", "[DONE]"});
    event_reader reader;
    reader.feed("data: {\"half\":\n", [](std::string_view) {});
    CHECK(reader.in_event());
    reader.feed("\n", [](std::string_view) {});
    CHECK_FALSE(reader.in_event());
}

TEST_CASE("a line or an event without end is given up at the limit") {
    const auto code = [](auto reader, const std::string& piece) {
        try {
            for (int i = 0; i < 100; ++i) reader.feed(piece, [](std::string_view) {});
        } catch (const failure& e) {
            CHECK(std::string(e.what()).find("more than 100 bytes") != std::string::npos);
            return e.code();
        }
        return tw_code{TW_OK};
    };
    CHECK(code(line_reader(100), "0123456789") == TW_CORRUPT);
    CHECK(code(line_reader(100), "0123456789\n") == TW_OK);
    CHECK(code(event_reader(100), "data: 0123456789\n") == TW_CORRUPT);
    CHECK(code(event_reader(100), "data: 0123456789\n\n") == TW_OK);
    CHECK(code(event_reader(100), ": 0123456789\n") == TW_OK);
}
