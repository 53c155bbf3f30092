// When drafters that agree are believed: the approximate mode, off unless a pipeline asks for it.
#pragma once

#include <cstddef>

namespace tw {

// What several drafters must say of a token for it to stand whatever the target would have said. All count the drafters
// that were configured, not those that answered, and none is met by fewer than two: who survives alone agrees with nobody.
struct consensus {
    enum class rule {
        off,
        strict,       // all of them proposed it
        any_disagree, // more than half of them proposed something, and all of those this
        majority,     // more than half of them proposed it
    } asks = rule::off;
    std::size_t configured = 0; // drafters

    [[nodiscard]] bool on() const { return asks != rule::off; }

    // The fewest that must agree.
    [[nodiscard]] std::size_t quorum() const {
        const auto least = asks == rule::strict ? configured : configured / 2 + 1;
        return least < 2 ? 2 : least;
    }

    // Of those that said anything of a place, `agreed` proposed one token and `others` another one.
    [[nodiscard]] bool met(std::size_t agreed, std::size_t others) const {
        return on() && agreed >= quorum() && (asks == rule::majority || others == 0);
    }
};

[[nodiscard]] constexpr const char* name(consensus::rule rule) {
    constexpr const char* names[] = {"off", "strict", "any_disagree", "majority"};
    return names[static_cast<std::size_t>(rule)];
}

} // namespace tw
