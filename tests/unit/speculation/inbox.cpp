// What drafters leave, and who is told that one has come or gone.
#include <catch2/catch_test_macros.hpp>

#include "speculation/draft_link.hpp"

using namespace tw;

TEST_CASE("a drafter that came before somebody listened is told as one that comes later") {
    draft_inbox inbox;
    int told = 0;
    inbox.put(0, drafter_event(drafter_back{}));
    inbox.when_presence_changes([&] { ++told; });
    CHECK(told == 1);
    inbox.put(1, drafter_event(drafter_away{"It is off."}));
    CHECK(told == 2);
    inbox.put(1, drafter_event(draft_lost{1, 1}));
    CHECK(told == 2);
    CHECK(inbox.take().size() == 3);

    draft_inbox quiet;
    quiet.put(0, drafter_event(draft_lost{1, 1}));
    quiet.when_presence_changes([&] { ++told; });
    CHECK(told == 2);
}
