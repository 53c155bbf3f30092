// What a node's table becomes when the model only drafts.
#include <catch2/catch_test_macros.hpp>

#include "pipeline/nodes.hpp"
#include "support/toy_engine.hpp"

using namespace tw;

namespace {

class with_cache : public toy::engine {
  public:
    static constexpr std::array options{tw::sdk::text_option("cache", "exact or fast.", "exact")};
    using toy::engine::engine;
};

std::string drafting(const tw_engine_v1& api, const std::string& table) {
    node_config node;
    node.options_json = table;
    resolved_node draft;
    draft.node = &node;
    draft.as_engine = &api;
    return drafting_options(draft);
}

} // namespace

TEST_CASE("a draft's cache is the fast one, where there is a choice and its table does not make it") {
    const auto& api = *static_cast<const tw_engine_v1*>(tw::sdk::engine::query<with_cache>(TW_ENGINE_V1));
    CHECK(drafting(api, R"({"slots":2})") == R"({"cache":"fast","slots":2})");
    CHECK(drafting(api, R"({"cache":"exact"})") == R"({"cache":"exact"})");
    CHECK(drafting(toy::api(), R"({"slots":2})") == R"({"slots":2})");
}
