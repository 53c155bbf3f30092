// An engine behind the bridge: what it answers is checked, and a broken one is named.
#include "bridge/engine.hpp"

#include <cstddef>
#include <limits>

#include <catch2/catch_test_macros.hpp>

#include "unit/bridge/load.hpp"

namespace {

constexpr const char* table = R"({"name":"toy"})";

tw::result<std::unique_ptr<tw::engine>> make(const tw_engine_v1& api,
                                             const std::string& config = table,
                                             const std::function<bool(float)>& progress = {}) {
    return tw::engine::create(api, "toy_engine", std::make_unique<tw::plugin_host>("toy_engine"),
                              config, progress);
}
const tw_engine_v1& good() {
    return load_table<tw_engine_v1>("toy_engine", TW_ENGINE_V1);
}

// The sound table with functions replaced, as a bad plugin would have it.
template <class Change> tw_engine_v1 bad(Change&& change) {
    auto api = good();
    change(api);
    return api;
}

const std::vector<tw_row> three{{0, 0, 1, 0}, {0, 1, 3, 1}, {0, 2, 3, 1}};

std::string decode_error(const tw_engine_v1& api) {
    const auto made = make(api);
    REQUIRE(made.has_value());
    const auto logits = (*made)->decode(three);
    REQUIRE_FALSE(logits.has_value());
    CHECK(logits.error().code == tw::code::internal);
    return logits.error().message;
}

} // namespace

TEST_CASE("an engine states itself and its vocabulary") {
    float last = 0;
    const auto made = make(good(), table, [&](float part) { return last = part, true; });
    REQUIRE(made.has_value());
    const auto& engine = **made;
    CHECK(last == 1.0F);
    CHECK(engine.info().n_vocab == 8);
    CHECK(engine.info().add_bos);
    CHECK(engine.info().model == "toy");
    REQUIRE(engine.vocabulary().size() == 8);
    CHECK(engine.vocabulary()[2].flags == (TW_TOKEN_CONTROL | TW_TOKEN_EOG));
    CHECK(engine.vocabulary()[3].piece == "d");
}

TEST_CASE("a plugin of 1.0 leaves the identity empty, a host of 1.0 is not written past its struct") {
    static const auto& sound = good();
    constexpr std::uint32_t size_1_0 = offsetof(tw_engine_info, identity);
    const auto older = make(bad([](auto& api) {
        api.info = [](tw_engine* self, tw_engine_info* out) {
            CHECK(out->size == sizeof(tw_engine_info));
            out->size = size_1_0;
            sound.info(self, out);
        };
    }));
    REQUIRE(older.has_value());
    CHECK((*older)->info().model == "toy");
    CHECK((*older)->info().identity.empty());
    const auto now = make(good());
    REQUIRE(now.has_value());
    CHECK((*now)->info().identity == "toy without weights");
    const auto into = make(bad([](auto& api) {
        api.info = [](tw_engine* self, tw_engine_info* out) {
            out->identity = {"untouched", 9};
            out->size = size_1_0;
            sound.info(self, out);
            CHECK(out->size == size_1_0);
        };
    }));
    REQUIRE(into.has_value());
    CHECK((*into)->info().identity == "untouched");
}

TEST_CASE("the rows that wanted logits come back in order") {
    const auto made = make(good());
    REQUIRE(made.has_value());
    const auto logits = (*made)->decode(three);
    REQUIRE(logits.has_value());
    REQUIRE(logits->n_rows == 2);
    CHECK(logits->row(0)[3] == 1.0F);
    CHECK(logits->row(1)[3] == 2.0F);
    CHECK(logits->row(1).size() == 8);
}

TEST_CASE("an engine's own errors pass through with code and sentence") {
    const auto missing = make(good(), "{}");
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == tw::code::invalid_argument);
    CHECK(missing.error().message == "name is missing.");
    CHECK(tw::engine::check(good(), "toy_engine", table).has_value());
    CHECK_FALSE(tw::engine::check(good(), "toy_engine", "{}").has_value());
    const auto made = make(good());
    REQUIRE(made.has_value());
    const auto cut = (*made)->truncate(0, 1);
    REQUIRE_FALSE(cut.has_value());
    CHECK(cut.error().code == tw::code::unsupported);
    CHECK((*made)->truncate(0, 0).has_value());
}

TEST_CASE("giving up a load is a cancelled load") {
    const auto made = make(good(), table, [](float) { return false; });
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == tw::code::cancelled);
}

TEST_CASE("tokens are asked for again when the first room was too small") {
    const auto made = make(good());
    REQUIRE(made.has_value());
    CHECK(*(*made)->tokenize("ab", false, true) == std::vector<std::int32_t>{1, 5, 6});
    CHECK((*made)->tokenize("", false, false)->empty());
    CHECK((*made)->tokenize(std::string(5000, 'x'), false, false)->size() == 5000);
    const auto greedy = bad([](auto& api) {
        api.tokenize = [](tw_engine*, tw_str, std::uint32_t, std::int32_t* out, std::size_t room,
                          std::size_t* n, tw_error*) -> tw_code {
            *n = 40; // more than the bridge offers for a text this short
            for (std::size_t i = 0; room >= 40 && i < 40; ++i)
                out[i] = 7;
            return TW_OK;
        };
    });
    const auto second = make(greedy);
    REQUIRE(second.has_value());
    CHECK((*second)->tokenize("a", false, false)->size() == 40);
}

TEST_CASE("decode that breaks the contract is an internal error that names the plugin") {
    CHECK(decode_error(bad([](auto& api) {
              api.decode = [](tw_engine*, const tw_row*, std::size_t, tw_logits* out,
                              tw_error*) -> tw_code {
                  out->n_rows = 3;
                  return TW_OK;
              };
          })) == "The plugin toy_engine broke the contract: decode answered 3 rows of logits where "
                 "2 were asked for.");
    CHECK(decode_error(bad([](auto& api) {
              api.decode = [](tw_engine*, const tw_row*, std::size_t, tw_logits* out,
                              tw_error*) -> tw_code {
                  out->n_rows = 2;
                  out->n_vocab = 8;
                  return TW_OK;
              };
          })) == "The plugin toy_engine broke the contract: decode answered no logits.");
    CHECK(decode_error(bad([](auto& api) {
              api.decode = [](tw_engine*, const tw_row*, std::size_t, tw_logits* out,
                              tw_error*) -> tw_code {
                  static const float one = 1;
                  *out = {out->size, 2, 9, &one};
                  return TW_OK;
              };
          })) == "The plugin toy_engine broke the contract: decode answered rows of 9 logits for a "
                 "vocabulary of 8.");
    CHECK(decode_error(bad([](auto& api) {
              api.decode = [](tw_engine*, const tw_row*, std::size_t, tw_logits*,
                              tw_error*) -> tw_code { throw 1; };
          })) == "The plugin toy_engine broke the contract: decode threw an exception.");
    CHECK(decode_error(bad([](auto& api) {
              api.decode = [](tw_engine*, const tw_row*, std::size_t, tw_logits*,
                              tw_error*) -> tw_code { return 99; };
          })) == "The plugin failed without a message (code 99).");
}

TEST_CASE("an engine that states nonsense is not used") {
    const auto made = make(bad(
        [](auto& api) { api.info = [](tw_engine*, tw_engine_info* out) { out->n_vocab = -1; }; }));
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().message == "The plugin toy_engine broke the contract: its n_vocab is -1.");
    const auto empty = make(bad([](auto& api) {
        api.create = [](const tw_host*, tw_str, const tw_progress*, tw_engine**,
                        tw_error*) -> tw_code { return TW_OK; };
    }));
    REQUIRE_FALSE(empty.has_value());
    CHECK(empty.error().message ==
          "The plugin toy_engine broke the contract: create succeeded without an engine.");
}

TEST_CASE("a decode of no rows, or of more than a batch, never reaches the engine") {
    const auto made = make(good());
    REQUIRE(made.has_value());
    CHECK((*made)->decode({}).error().code == tw::code::invalid_argument);
    CHECK((*made)->decode(std::vector<tw_row>(17)).error().code == tw::code::invalid_argument);
}

TEST_CASE("the digest tells vocabularies apart by what speculation needs, and by nothing else") {
    const auto one = make(good()), again = make(good(), R"({"name":"another","bias":3})");
    REQUIRE(one.has_value());
    REQUIRE(again.has_value());
    CHECK((*one)->vocabulary_digest() == (*again)->vocabulary_digest());
    CHECK((*one)->vocabulary_digest().size() == 64);
    const auto differs = [&](const tw_engine_v1& api) {
        const auto other = make(api);
        REQUIRE(other.has_value());
        return (*other)->vocabulary_digest() != (*one)->vocabulary_digest();
    };
    static const auto& sound = good();
    const auto token = [](auto change) {
        static auto changed = change;
        return bad([](auto& api) {
            api.token = [](tw_engine* self, std::int32_t id, tw_token* out, tw_error* error) {
                const auto code = sound.token(self, id, out, error);
                if (id == 5) changed(*out);
                return code;
            };
        });
    };
    CHECK(differs(token([](tw_token& t) { t.text = {"F", 1}; })));
    CHECK(differs(token([](tw_token& t) { t.attributes = 1; })));
    CHECK(differs(token([](tw_token& t) { t.flags |= TW_TOKEN_EOG; })));
    CHECK_FALSE(differs(token([](tw_token& t) { t.piece = {"F", 1}; })));
    CHECK(differs(bad([](auto& api) {
        api.info = [](tw_engine* self, tw_engine_info* out) {
            sound.info(self, out);
            out->bos = -1;
        };
    })));
}
