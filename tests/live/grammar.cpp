// Real models under a grammar: with drafts in every round the ids, the logits and the text are those of the target
// alone. Usage: live_grammar TARGET.gguf DRAFT.gguf
#include <cstdio>

#include <nlohmann/json.hpp>

#include "support/real_pipeline.hpp"

using namespace tw;

namespace {

constexpr auto schema = R"({"json_schema":{"type":"object","properties":{"name":{"type":"string","maxLength":16},
    "age":{"type":"integer"},"kind":{"enum":["bird","fish"]}},"required":["name","age","kind"]}})";
constexpr auto story = R"({"gbnf":"root ::= \"Once \" [a-z ]{10,60} \".\" ending\nending ::= \" The end.\" | \" No more.\""})";
constexpr auto tools = R"([{"type":"function","function":{"name":"feed","parameters":{"type":"object","properties":
    {"animal":{"type":"string","maxLength":10}},"required":["animal"]}}}])";

std::vector<generation_request> requests() {
    std::vector<generation_request> out;
    for (std::uint64_t seed = 0; seed < 5; ++seed)
        for (const char* form : {schema, story, tools}) {
            generation_request one;
            one.input = std::vector<chat_message>{{"user", "Tell me about an animal, number " + std::to_string(seed) + "."}};
            if (form == tools) one.tools = {.functions = tools, .required = true};
            else one.sampling.grammar = form;
            one.sampling.seed = seed;
            one.sampling.temperature = seed == 0 ? 0.0F : 0.9F;
            if (seed == 2) one.sampling.top_k = 30;
            if (seed == 3) one.sampling.top_p = 0.9F;
            if (seed == 4) one.sampling.min_p = 0.02F;
            one.max_tokens = 70;
            one.logits_digest = true;
            out.push_back(std::move(one));
        }
    return out;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const auto models = bench::load_pair(argv[1], argv[2], 2, 4);
    std::uint64_t drafted = 0, accepted = 0, tokens = 0, different = 0;
    for (auto request : requests()) {
        const auto on = bench::ask(*models, request);
        request.speculate = false;
        const auto off = bench::ask(*models, request);
        const bool same = bench::equal(on, off) && on.result.reason != finish_reason::failed;
        if (!same) std::printf("on:  %s\noff: %s\n", on.text.c_str(), off.text.c_str());
        different += same ? 0 : 1;
        drafted += on.result.stats.drafted;
        accepted += on.result.stats.accepted;
        tokens += on.result.stats.tokens;
    }
    std::printf("tokens=%llu drafted=%llu accepted=%llu different=%llu\n", static_cast<unsigned long long>(tokens),
                static_cast<unsigned long long>(drafted), static_cast<unsigned long long>(accepted),
                static_cast<unsigned long long>(different));
    return different == 0 && drafted > tokens && accepted > 0 ? 0 : 1;
}
