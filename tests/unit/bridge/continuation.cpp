// What a plugin says of the tokens that its server goes on with is checked like everything else.
#include <catch2/catch_test_macros.hpp>

#include "bridge/backend.hpp"
#include "unit/bridge/load.hpp"

using namespace tw;

namespace {

// A backend that is asked to go on, which `start` does.
struct going_on {
    explicit going_on(decltype(tw_continuation_v1::start) start) : table{sizeof(tw_continuation_v1), start} {
        auto created = backend::create(load_table<tw_backend_v1>("good", TW_BACKEND_V1), "good",
                                       std::make_unique<plugin_host>("good"), "{}");
        REQUIRE(created.has_value());
        made = std::move(*created);
    }
    // The sentence, if any.
    std::string go_on() {
        const auto begun = made->go_on(
            {3, 4}, 2,
            [this](std::span<const tw_continued> more) {
                for (const auto& each : more) tokens.push_back(each.token);
            },
            [this](const std::optional<error>& failure) {
                ++ends;
                if (failure) heard = failure->message;
            });
        return begun ? heard : begun.error().message;
    }
    tw_continuation_v1 table;
    std::unique_ptr<backend> made;
    std::vector<std::int32_t> tokens;
    std::string heard;
    int ends = 0;
};

} // namespace

TEST_CASE("a backend without continuations says so") {
    going_on none(nullptr);
    CHECK(none.go_on() == "The plugin good does not go on from token ids.");
    CHECK(none.ends == 0);
}

TEST_CASE("tokens come in their order and end once, whatever a plugin says afterwards") {
    going_on on([](tw_backend*, const tw_continuation* asked, const tw_token_sink* sink, tw_error*) -> tw_code {
        const tw_continued more[]{{asked->prompt[asked->n_prompt - 1] + 1, -1}, {9, 0.5F}};
        sink->emit(sink, more, 2);
        sink->emit(sink, nullptr, 3);
        sink->done(sink, nullptr);
        sink->emit(sink, more, 2);
        sink->done(sink, nullptr);
        return TW_OK;
    });
    on.made->with_continuations(on.table);
    CHECK(on.go_on().empty());
    CHECK(on.tokens == std::vector<std::int32_t>{5, 9});
    CHECK(on.ends == 1);
}

TEST_CASE("a continuation that fails has the plugin's sentence, at the start and later") {
    going_on refused([](tw_backend*, const tw_continuation*, const tw_token_sink*, tw_error* error) -> tw_code {
        fill(error, code::unsupported, "Not here.");
        return TW_UNSUPPORTED;
    });
    refused.made->with_continuations(refused.table);
    CHECK(refused.go_on() == "Not here.");
    CHECK(refused.ends == 0);
    going_on later([](tw_backend*, const tw_continuation*, const tw_token_sink* sink, tw_error* error) -> tw_code {
        fill(error, code::busy, "Not now.");
        sink->done(sink, error);
        return TW_OK;
    });
    later.made->with_continuations(later.table);
    CHECK(later.go_on() == "Not now.");
}
