// The drafter's side: orders, corrections, lost messages, audits, branches.
#include <catch2/catch_test_macros.hpp>

#include "speculation/model_drafter.hpp"
#include "unit/scheduler/harness.hpp"

using namespace tw;

namespace {

using ids = std::vector<std::int32_t>;

draft_order order(std::uint32_t epoch, const ids& committed, std::size_t told, std::uint16_t want) {
    draft_order out{.sequence = 1, .epoch = epoch, .base = static_cast<std::uint32_t>(committed.size()),
                    .prefix = extend(empty_prefix, committed), .want = want};
    out.tail.assign(committed.begin() + static_cast<std::ptrdiff_t>(told), committed.end());
    return out;
}

std::vector<drafter_reply> work(model_drafter& drafter) {
    std::vector<drafter_reply> out;
    for (int steps = 0; drafter.has_work() && steps < 1000; ++steps) REQUIRE(drafter.step(out).has_value());
    REQUIRE_FALSE(drafter.has_work());
    return out;
}

// All tokens that follow `committed`, joined from the batches.
ids drafted(const std::vector<drafter_reply>& replies, const ids& committed) {
    ids path = committed;
    for (bool grown = true; grown;) {
        grown = false;
        for (const auto& reply : replies)
            if (const auto* batch = std::get_if<draft_batch>(&reply);
                batch && !batch->tokens.empty() && batch->base == path.size() &&
                batch->prefix == extend(empty_prefix, path)) {
                for (const auto& each : batch->tokens) path.push_back(each.token);
                grown = true;
                break;
            }
    }
    return {path.begin() + static_cast<std::ptrdiff_t>(committed.size()), path.end()};
}

sampling_params seeded() { return {.temperature = 0.8F, .logit_bias = {}, .seed = 5}; }

} // namespace

TEST_CASE("an order is answered with tokens that do not depend on how they were asked for") {
    const ids prompt{0, 3, 4, 5};
    model_drafter at_once(toy_model());
    at_once.apply(draft_open{1, seeded(), prompt});
    at_once.apply(order(1, prompt, 4, 6));
    const auto six = drafted(work(at_once), prompt);
    REQUIRE(six.size() == 6);

    model_drafter stepwise(toy_model());
    stepwise.apply(draft_open{1, seeded(), prompt});
    ids text = prompt;
    for (std::uint32_t epoch = 1; epoch <= 6; ++epoch) {
        auto next = order(epoch, text, epoch == 1 ? 4 : text.size() - 1, 2);
        next.stream = epoch % 2 == 0;
        stepwise.apply(std::move(next));
        const auto got = drafted(work(stepwise), text);
        // What was drafted ahead of an earlier order was sent then.
        if (!got.empty()) CHECK(got.front() == six[text.size() - 4 + (got.size() < 2 ? 1 : 0)]);
        text.push_back(six[epoch - 1]);
    }
}

TEST_CASE("who waits for a draft is told what it took, who lets it stream is not") {
    const ids prompt{0, 3, 4, 5};
    model_drafter drafter(toy_model());
    drafter.apply(draft_open{1, seeded(), prompt});
    const auto took = [&](std::uint32_t epoch, std::uint16_t want, bool stream) {
        auto next = order(epoch, prompt, 4, want);
        next.stream = stream;
        drafter.apply(std::move(next));
        float sum = 0;
        for (const auto& reply : work(drafter)) sum += std::get<draft_batch>(reply).seconds;
        return sum;
    };
    CHECK(took(1, 2, false) > 0);
    CHECK(took(2, 6, true) == 0);
    CHECK(took(3, 6, false) == 0); // all was drafted before, for somebody who did not ask for the time
    CHECK(took(4, 8, false) > 0);
}

TEST_CASE("a correction replaces the draft; a late or repeated order changes nothing") {
    const ids prompt{0, 3, 4, 5};
    model_drafter drafter(toy_model());
    drafter.apply(draft_open{1, seeded(), prompt});
    drafter.apply(order(1, prompt, 4, 4));
    const auto first = drafted(work(drafter), prompt);
    auto corrected = prompt;
    corrected.push_back(first[0]);
    corrected.push_back(first[1] == 7 ? 8 : 7);
    drafter.apply(order(2, corrected, 4, 4));
    const auto second = drafted(work(drafter), corrected);
    CHECK(second.size() == 4);
    drafter.apply(order(1, prompt, 4, 4));
    drafter.apply(order(2, corrected, 4, 4));
    CHECK_FALSE(drafter.has_work());

    model_drafter fresh(toy_model());
    fresh.apply(draft_open{1, seeded(), corrected});
    fresh.apply(order(1, corrected, corrected.size(), 4));
    CHECK(drafted(work(fresh), corrected) == second);
}

TEST_CASE("what cannot be true is answered with lost, and a new start works") {
    const ids prompt{0, 3, 4, 5};
    const auto is_lost = [](const std::vector<drafter_reply>& replies) {
        return replies.size() == 1 && std::holds_alternative<draft_lost>(replies.front());
    };
    model_drafter drafter(toy_model());
    drafter.apply(order(1, prompt, 4, 2));
    CHECK(is_lost(work(drafter))); // never opened
    drafter.apply(draft_open{1, seeded(), prompt});
    auto wrong = order(1, prompt, 4, 2);
    wrong.prefix ^= 1;
    drafter.apply(wrong);
    CHECK(is_lost(work(drafter)));
    drafter.apply(draft_open{1, seeded(), prompt});
    ids far = prompt;
    far.resize(9, 6);
    drafter.apply(order(1, far, 7, 2)); // tokens 4 to 6 were never told
    CHECK(is_lost(work(drafter)));
    drafter.apply(draft_open{1, seeded(), far});
    drafter.apply(order(1, far, 9, 2));
    CHECK(drafted(work(drafter), far).size() == 2);
}

TEST_CASE("a draft ends where it would hardly stand") {
    const ids prompt{0, 3, 4, 5};
    const auto length = [&](float floor, float chance) {
        auto next = order(1, prompt, 4, 12);
        next.floor = floor;
        next.chance.emplace().fill(chance);
        model_drafter fresh(toy_model());
        fresh.apply(draft_open{1, seeded(), prompt});
        fresh.apply(std::move(next));
        return drafted(work(fresh), prompt).size();
    };
    CHECK(length(0, 0.5F) == 12);
    CHECK(length(0.3F, 0.5F) == 2); // .5 · .5 is below it
    CHECK(length(0.3F, 0.9F) == 12); // .9 to the 11th is .31
    CHECK(length(0.9F, 0.5F) == 1); // one is drafted in any case
}

TEST_CASE("an audit says what would have been picked, without drafting") {
    const ids prompt{0, 3, 4, 5};
    model_drafter writer(toy_model());
    writer.apply(draft_open{1, seeded(), prompt});
    writer.apply(order(1, prompt, 4, 30));
    const auto text = drafted(work(writer), prompt);
    REQUIRE(text.size() == 30);

    model_drafter listener(toy_model());
    listener.apply(draft_open{1, seeded(), prompt});
    auto committed = prompt;
    committed.insert(committed.end(), text.begin(), text.end());
    committed[20] = committed[20] == 7 ? 8 : 7; // one that it would not have said
    auto what = order(1, committed, 4, 0);
    what.audit = true;
    listener.apply(what);
    std::size_t agreed = 0, judged = 0;
    bool complete = false;
    for (const auto& reply : work(listener)) {
        const auto& audit = std::get<draft_audit>(reply);
        complete = complete || audit.complete;
        for (const auto& entry : audit.entries) {
            ++judged;
            agreed += entry.agreed;
        }
    }
    CHECK(complete);
    CHECK(judged == 30);
    CHECK(agreed >= 16); // up to the foreign token all of them
    CHECK(agreed < 30);
}

TEST_CASE("an answer that was given before is judged all the same") {
    const ids prompt{0, 3, 4, 5};
    auto committed = prompt;
    for (std::int32_t i = 0; i < 30; ++i) committed.push_back(6 + i % 5);
    model_drafter listener(toy_model());
    for (sequence_id sequence = 1; sequence <= 2; ++sequence) {
        listener.apply(draft_open{sequence, seeded(), prompt});
        auto what = order(1, committed, 4, 0);
        what.sequence = sequence;
        what.audit = true;
        listener.apply(std::move(what));
        std::size_t judged = 0;
        for (const auto& reply : work(listener)) judged += std::get<draft_audit>(reply).entries.size();
        CHECK(judged == 30);
        listener.apply(draft_close{sequence});
    }
}

TEST_CASE("a streaming drafter that is done drafts for likely corrections") {
    const ids prompt{0, 3, 4, 5};
    model_drafter drafter(toy_model());
    drafter.apply(draft_open{1, seeded(), prompt});
    auto streamed = order(1, prompt, 4, 8);
    streamed.stream = streamed.branches = true;
    drafter.apply(streamed);
    const auto replies = work(drafter);
    const auto main = drafted(replies, prompt);
    REQUIRE(main.size() == 8);
    std::size_t branches = 0;
    for (const auto& reply : replies) {
        const auto& batch = std::get<draft_batch>(reply);
        ids path = prompt;
        path.insert(path.end(), main.begin(), main.end());
        path.resize(std::min<std::size_t>(path.size(), batch.base));
        if (batch.prefix == extend(empty_prefix, path)) continue;
        ++branches;
        CHECK(batch.tokens.size() > 1);
        path.pop_back();
        bool from_a_correction = false;
        for (std::int32_t token = 0; token < toy::n_vocab; ++token)
            from_a_correction = from_a_correction || batch.prefix == extend(extend(empty_prefix, path), token);
        CHECK(from_a_correction);
    }
    CHECK(branches > 0);
}

TEST_CASE("drafting goes on past the drafter's own context") {
    model_drafter small(toy_model(R"({"context":16})"));
    ids text{0, 3, 4, 5};
    small.apply(draft_open{1, seeded(), text});
    std::size_t told = 4;
    for (std::uint32_t epoch = 1; epoch < 30; ++epoch) {
        small.apply(order(epoch, text, told, 3));
        const auto got = drafted(work(small), text);
        REQUIRE(got.size() == 3);
        told = text.size();
        text.insert(text.end(), got.begin(), got.begin() + 2);
        text.push_back(9); // a correction each time
    }
}
