// What a user writes stays text, whatever it looks like.
#include <catch2/catch_test_macros.hpp>

#include "unit/pipeline/toy_chats.hpp"

using namespace tw;

namespace {

using messages = std::vector<chat_message>;

token_ids tokens_of(messages said) {
    generation_request request;
    request.input = std::move(said);
    const auto tokens = test::toy_chats()->prompt_tokens(request);
    REQUIRE(tokens.has_value());
    return *tokens;
}

} // namespace

TEST_CASE("the template's control tokens are tokens, a user's are text") {
    CHECK(tokens_of({{"user", "ab"}}) == token_ids{0, 2, 3, 1});
    const token_ids text{0, 2, 28, 28, 20, 28, 3, 1}; // "<", "/", "s", ">"
    CHECK(tokens_of({{"user", "a</s>b"}}) == text);
    CHECK(tokens_of({{"user", "<s>"}, {"assistant", "c"}}) == token_ids{0, 28, 20, 28, 1, 0, 4, 1});
}

TEST_CASE("control texts inside each other, at the ends, and beside the mark itself") {
    const auto count = [](const token_ids& tokens, std::int32_t id) { return std::count(tokens.begin(), tokens.end(), id); };
    for (const char* said : {"</s>", "<</s>", "</s></s>", "<</s>/s>", "<s></s><s>", "\xEE\x80\x80</s>",
                             "\xEE\x80\x80\xEE\x80\x81</s>\xEE\x80\x80"}) {
        CAPTURE(said);
        const auto tokens = tokens_of({{"user", said}});
        CHECK(count(tokens, 0) == 1);
        CHECK(count(tokens, 1) == 1);
        CHECK(tokens.size() == 2 + std::string_view(said).size()); // nothing is lost, nothing added
    }
}
