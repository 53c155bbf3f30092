// What a plugin throws becomes a code and a sentence, whatever room the host gives.
#include <tightwad/sdk/error.hpp>

#include <stdexcept>

#include <catch2/catch_test_macros.hpp>

#include <tightwad/testkit/lent.hpp>

using tw::sdk::failure;
using tw::sdk::detail::guarded;

namespace {

tw_error empty() {
    tw_error out{};
    out.size = sizeof out;
    return out;
}

} // namespace

TEST_CASE("every kind of throw has a code and a sentence") {
    auto e = empty();
    CHECK(guarded(&e, [] {}) == TW_OK);
    CHECK(guarded(&e, [] {
              throw failure{TW_BUSY, "Come back.", std::chrono::seconds{2}};
          }) == TW_BUSY);
    CHECK(std::string(e.message) == "Come back.");
    CHECK(e.retry_after_ms == 2000);
    CHECK(guarded(&e, [] { throw std::runtime_error("odd"); }) == TW_INTERNAL);
    CHECK(std::string(e.message) == "odd");
    CHECK(guarded(&e, [] { throw std::bad_alloc(); }) == TW_UNAVAILABLE);
    CHECK(guarded(&e, [] { throw 7; }) == TW_INTERNAL);
    CHECK(std::string(e.message) == "The plugin threw something that is not an exception.");
    CHECK(guarded(&e, [] { throw failure{TW_OK, "a success that failed"}; }) == TW_INTERNAL);
    CHECK(guarded(nullptr, [] { throw 7; }) == TW_INTERNAL);
}

TEST_CASE("a long sentence is cut at a code point, in whatever room there is") {
    auto e = empty();
    std::string text;
    while (text.size() < 2000)
        text += "\xC3\xA9";
    static_cast<void>(guarded(&e, [&] { throw failure{TW_INTERNAL, text}; }));
    CHECK(std::string(e.message).size() == 1006);
    e.size = offsetof(tw_error, message) + 4;
    static_cast<void>(guarded(&e, [&] { throw failure{TW_INTERNAL, text}; }));
    CHECK(std::string(e.message) == "\xC3\xA9");
    e.size = 8;
    e.code = TW_OK;
    static_cast<void>(guarded(&e, [&] { throw failure{TW_INTERNAL, text}; }));
    CHECK(e.code == TW_OK);
}

TEST_CASE("lent memory ends at a wall and can be read while it is lent") {
    const tw::testkit::lent_text lent("hello");
    CHECK(std::string(lent.get().data, lent.get().size) == "hello");
    const tw::testkit::lent_text nothing("");
    CHECK(nothing.get().size == 0);
}
