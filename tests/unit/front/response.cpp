// The bytes of answers, against approved ones. Set TW_APPROVE=1 to write what comes instead.
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "front/errors.hpp"
#include "front/openai_writer.hpp"

using namespace tw;
using namespace tw::front;

namespace {

void matches_golden(const std::string& name, std::string text) {
    text = std::regex_replace(text, std::regex("tightwad-[0-9.]+"), "tightwad-VERSION");
    const auto path = std::string(TW_SOURCE_DIR "/tests/golden/front/") + name;
    if (std::getenv("TW_APPROVE") != nullptr) std::ofstream(path, std::ios::binary) << text;
    std::ostringstream approved;
    approved << std::ifstream(path, std::ios::binary).rdbuf();
    CHECK(text == approved.str());
}

api_request asked(endpoint kind, std::string_view body) {
    return *parse_request(kind, body, {});
}

answer_identity identity(endpoint kind, bool include_usage = false) {
    return {.kind = kind,
            .id = kind == endpoint::chat ? "chatcmpl-1" : "cmpl-1",
            .model = "org/model-1",
            .created = 1700000000,
            .include_usage = include_usage};
}

answer_event piece(std::size_t index, std::string text) {
    return {.index = index, .text = std::move(text), .end = {}};
}

answer_event end(std::size_t index, finish_reason reason) {
    generation_result result;
    result.reason = reason;
    result.prompt_tokens = 10;
    result.completion_tokens = 4;
    result.cached_tokens = 8;
    result.seed = 7 + index;
    result.stats = {.rounds = 3,
                    .drafted = 9,
                    .accepted = 6,
                    .tokens = 4,
                    .sources = {{{0, 0}, {4, 3}, {5, 3}}},
                    .queue_s = 0.0005,
                    .prefill_s = 0.1,
                    .draft_s = 0.1,
                    .verify_s = 0.3,
                    .total_s = 0.6005};
    return {.index = index, .text = "", .end = result};
}

constexpr auto chat_body = R"({"messages":[{"role":"user","content":"x"}],"stream":true,"n":2})";

} // namespace

TEST_CASE("a streamed chat with two answers and usage") {
    openai_writer writer(asked(endpoint::chat, chat_body), identity(endpoint::chat, true));
    auto out = writer.opening();
    out += writer.add(piece(0, "Grüße, \"you\"\n"));
    out += writer.add(piece(1, "b"));
    out += writer.add(end(1, finish_reason::length));
    CHECK_FALSE(writer.complete());
    out += writer.add(end(0, finish_reason::stop));
    CHECK(writer.complete());
    matches_golden("chat_stream.sse", out + writer.closing());
}

TEST_CASE("a streamed completion with echo and without usage") {
    openai_writer writer(
        asked(endpoint::completion, R"({"prompt":"Once","stream":true,"echo":true})"),
        identity(endpoint::completion));
    auto out = writer.opening();
    out += writer.add(piece(0, " upon"));
    out += writer.add(end(0, finish_reason::length));
    matches_golden("completion_stream.sse", out + writer.closing());
}

TEST_CASE("a stream that fails ends with the error instead of [DONE]") {
    openai_writer writer(asked(endpoint::chat, chat_body), identity(endpoint::chat));
    auto out = writer.opening();
    out += writer.add(piece(0, "half"));
    auto failed = end(0, finish_reason::failed);
    failed.end->failure = fail(code::internal, "The engine lost its worker 192.168.1.20.");
    out += writer.add(std::move(failed));
    REQUIRE(writer.failure());
    matches_golden("failed_stream.sse", out + writer.closing());
}

TEST_CASE("of the answers to a prompt the likeliest are given, and all are counted") {
    const auto request = asked(endpoint::completion, R"({"prompt":["a","b"],"n":2,"best_of":3,"seed":5})");
    CHECK(request.answers() == 6);
    CHECK(request.answer(4).sampling.seed == 6);
    CHECK(std::get<std::string>(request.answer(4).input) == "b");
    CHECK(request.answer(4).compared);
    CHECK(request.answer(4).top_logprobs == 0);
    openai_writer writer(request, identity(endpoint::completion));
    const auto answer = [&](std::size_t index, const char* text, std::vector<double> logprobs) {
        auto said = piece(index, text);
        for (const auto each : logprobs) said.likelihoods.push_back({{1, "x", each}, {}});
        writer.add(std::move(said));
        writer.add(end(index, finish_reason::stop));
    };
    answer(0, "0", {-3});
    answer(1, "1", {-1, -1, -1, -1});
    answer(2, "2", {-2});
    answer(3, "3", {-1});
    answer(4, "4", {});
    answer(5, "5", {-1});
    const auto out = nlohmann::json::parse(writer.whole());
    std::string order;
    for (const auto& each : out["choices"]) order += each["text"].get<std::string>();
    CHECK(order == "1235");
    CHECK(out["choices"][3]["index"] == 3);
    CHECK(out["choices"][0]["logprobs"].is_null()); // nobody asked for them
    CHECK(out["usage"]["completion_tokens"] == 24);
    CHECK(out["usage"]["prompt_tokens"] == 20);
    CHECK(out["tightwad"]["seed"] == 8); // of the first that is given
}

TEST_CASE("thoughts stand in the text for who asks for that") {
    const auto body = [](const char* more) {
        return R"({"messages":[{"role":"user","content":"x"}],"tightwad":{"inline_reasoning":true})" + std::string(more) + "}";
    };
    const auto think = [](std::string words) { return answer_event{.index = 0, .thought = std::move(words)}; };
    openai_writer whole(asked(endpoint::chat, body("")), identity(endpoint::chat));
    for (auto& each : {think("Hm"), think(", so"), piece(0, "Yes"), think("But"), end(0, finish_reason::stop)}) whole.add(each);
    const auto message = nlohmann::json::parse(whole.whole())["choices"][0]["message"];
    CHECK(message["content"] == "<think>Hm, so</think>\n\nYes<think>But</think>\n\n");
    CHECK_FALSE(message.contains("reasoning_content"));

    openai_writer streamed(asked(endpoint::chat, body(R"(,"stream":true)")), identity(endpoint::chat));
    CHECK(streamed.add(think("Hm")).find(R"("delta":{"content":"<think>Hm"})") != std::string::npos);
    CHECK(streamed.add(think(", so")).find(R"("delta":{"content":", so"})") != std::string::npos);
    const auto text = streamed.add(piece(0, "Yes"));
    CHECK(text.find(R"("delta":{"content":"</think>\n\n"})") < text.find(R"("delta":{"content":"Yes"})"));
    openai_writer apart(asked(endpoint::chat, chat_body), identity(endpoint::chat));
    CHECK(apart.add(think("Hm")).find(R"("reasoning_content":"Hm")") != std::string::npos);
}

TEST_CASE("what only a server's own clients know stands where the server put it") {
    const auto say = [](std::string json) { return answer_event{.index = 0, .extra = std::move(json)}; };
    const std::vector<answer_event> events{
        say(R"({"answer":{"system_fingerprint":"b1","id":"theirs","tightwad":{"seed":1}},"delta":{"refusal":"I ","audio":{"id":"a","data":"AA"}}})"),
        piece(0, "So"),
        say(R"({"choice":{"native_finish_reason":"end","index":9},"delta":{"refusal":"can't","audio":{"id":"a","data":"BB"},
            "reasoning_details":[{"index":0,"type":"t","text":"x"}]}})"),
        say(R"({"delta":{"reasoning_details":[{"index":0,"type":"t","text":"y"},{"index":1,"type":"t","text":"z"}]}})"),
        say(R"({"usage":{"cost":0.5,"prompt_tokens":99},"answer":{"timings":{"n":1}}})")};
    auto ended = end(0, finish_reason::stop);
    ended.end->of_server = server_usage{.counted = true};

    openai_writer whole(asked(endpoint::chat, R"({"messages":[{"role":"user","content":"x"}]})"), identity(endpoint::chat));
    for (const auto& each : events) CHECK(whole.add(each).empty());
    whole.add(ended);
    const auto out = nlohmann::json::parse(whole.whole());
    CHECK(out["system_fingerprint"] == "b1");
    CHECK(out["id"] != "theirs");
    CHECK(out["tightwad"].contains("rounds"));
    CHECK(out["timings"]["n"] == 1);
    CHECK(out["usage"]["cost"] == 0.5);
    CHECK(out["usage"]["prompt_tokens"] != 99);
    const auto& choice = out["choices"][0];
    CHECK(choice["index"] == 0);
    CHECK(choice["native_finish_reason"] == "end");
    CHECK(choice["message"]["content"] == "So");
    CHECK(choice["message"]["refusal"] == "I can't");
    CHECK(choice["message"]["audio"] == nlohmann::json{{"id", "a"}, {"data", "AABB"}});
    CHECK(choice["message"]["reasoning_details"].dump() == R"([{"index":0,"text":"xy","type":"t"},{"index":1,"text":"z","type":"t"}])");

    openai_writer streamed(asked(endpoint::chat, R"({"messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":true}})"),
                           identity(endpoint::chat, true));
    std::vector<nlohmann::json> chunks;
    for (const auto& each : events)
        if (const auto bytes = streamed.add(each); !bytes.empty()) chunks.push_back(nlohmann::json::parse(bytes.substr(6)));
    REQUIRE(chunks.size() == 5);
    CHECK(chunks[0]["choices"][0]["delta"] == nlohmann::json{{"refusal", "I "}, {"audio", {{"id", "a"}, {"data", "AA"}}}});
    CHECK(chunks[0]["system_fingerprint"] == "b1");
    CHECK_FALSE(chunks[0].contains("tightwad"));
    CHECK(chunks[2]["choices"][0]["native_finish_reason"] == "end");
    CHECK(chunks[2]["choices"][0]["finish_reason"].is_null());
    CHECK(chunks[4]["timings"]["n"] == 1);
    CHECK(chunks[4]["usage"].is_null());
    const auto last = nlohmann::json::parse(streamed.add(ended).substr(6));
    CHECK(last["choices"][0]["native_finish_reason"] == "end");
    CHECK(last["timings"]["n"] == 1);
    const auto counted = nlohmann::json::parse(streamed.closing().substr(6, streamed.closing().find("\n\n") - 6));
    CHECK(counted["usage"]["cost"] == 0.5);
    CHECK(counted["timings"]["n"] == 1);

    for (const auto kind : {endpoint::messages, endpoint::ollama_chat}) {
        const auto other = make_writer(asked(kind, R"({"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]})"), identity(kind));
        CHECK(other->add(events[0]).empty()); // no place for it
    }
}

TEST_CASE("a server that never ends its lists or members is no work") {
    server_extra all;
    const auto item = [&](int index) {
        all.add(server_extra::of(R"({"delta":{"annotations":[{"index":)" + std::to_string(index) + R"(,"url":"u"}]}})"));
    };
    for (int i = 0; i < 2000; ++i) item(i);
    item(1999);
    CHECK(all.delta["annotations"].size() == 2000);
    CHECK(all.delta["annotations"][1999]["url"] == "uu");
    item(0); // too far back to be looked for
    CHECK(all.delta["annotations"].size() == 2001);
    for (int i = 0; i < 2000; ++i) all.add(server_extra::of(R"({"answer":{"k)" + std::to_string(i) + R"(":1}})"));
    CHECK(all.answer.size() == 256);
}

TEST_CASE("lists of a choice are pieces") {
    const auto ids = [](const char* list) {
        return answer_event{.index = 0, .extra = R"({"choice":{"stop_reason":2,"token_ids":)" + std::string(list) + "}}"};
    };
    openai_writer whole(asked(endpoint::chat, R"({"messages":[{"role":"user","content":"x"}]})"), identity(endpoint::chat));
    for (auto& each : {ids("[1,2]"), ids("[2]"), end(0, finish_reason::stop)}) whole.add(each);
    const auto out = nlohmann::json::parse(whole.whole());
    CHECK(out["choices"][0]["token_ids"] == nlohmann::json{1, 2, 2});
    openai_writer streamed(asked(endpoint::chat, R"({"messages":[{"role":"user","content":"x"}],"stream":true})"), identity(endpoint::chat));
    CHECK(streamed.add(ids("[1,2]")).find(R"("token_ids":[1,2])") != std::string::npos);
    const auto last = streamed.add(end(0, finish_reason::stop));
    CHECK(last.find("token_ids") == std::string::npos);
    CHECK(last.find(R"("stop_reason":2)") != std::string::npos);
}

TEST_CASE("answers in one piece") {
    auto request = asked(endpoint::chat, R"({"messages":[{"role":"user","content":"x"}],"n":2})");
    openai_writer writer(request, identity(endpoint::chat));
    for (const char* text : {"Hel", "lo"})
        writer.add(piece(0, text));
    writer.add(piece(1, "Ho"));
    writer.add(end(0, finish_reason::stop));
    writer.add(end(1, finish_reason::length));
    matches_golden("chat.json", writer.whole());

    openai_writer two(asked(endpoint::completion, R"({"prompt":["a","b"],"echo":true})"),
                      identity(endpoint::completion));
    two.add(piece(0, "1"));
    two.add(piece(1, "2"));
    two.add(end(0, finish_reason::stop));
    two.add(end(1, finish_reason::stop));
    matches_golden("completion.json", two.whole());
}

TEST_CASE("an answer cancelled by the pipeline is an error, never a short answer") {
    openai_writer writer(asked(endpoint::chat, chat_body), identity(endpoint::chat));
    writer.add(end(0, finish_reason::cancelled));
    REQUIRE(writer.failure());
    CHECK(http_status(writer.failure()->code) == 503);
    CHECK_FALSE(writer.complete());
}

TEST_CASE("bytes that are no UTF-8 do not stop an answer") {
    openai_writer writer(asked(endpoint::chat, chat_body), identity(endpoint::chat));
    CHECK(writer.add(piece(0, "a\xff")).find("a\xEF\xBF\xBD") != std::string::npos);
}

TEST_CASE("an answer that another replica went on with says which one, any other says nothing") {
    openai_writer plain(asked(endpoint::completion, R"({"prompt":"x"})"), identity(endpoint::completion));
    plain.add(end(0, finish_reason::stop));
    CHECK(plain.whole().find("continued_on") == std::string::npos);
    openai_writer moved(asked(endpoint::completion, R"({"prompt":"x"})"), identity(endpoint::completion));
    auto last = end(0, finish_reason::stop);
    last.end->continued_on = "attic";
    moved.add(last);
    CHECK(moved.whole().find(R"("continued_on":"attic")") != std::string::npos);
}

namespace {

token_likelihood likelihood(std::int32_t token, std::string bytes, double logprob) {
    return {{token, bytes, logprob}, {{token, bytes, logprob}, {9, "\xC3", -4.5}}};
}

answer_event piece_with(std::string text, std::vector<token_likelihood> tokens) {
    return {.index = 0, .text = std::move(text), .likelihoods = std::move(tokens), .end = {}};
}

} // namespace

TEST_CASE("log probabilities in the shapes of chat and of completions") {
    const auto chat = asked(endpoint::chat,
                            R"({"messages":[{"role":"user","content":"x"}],"stream":true,"logprobs":true,"top_logprobs":2})");
    auto who = identity(endpoint::chat);
    who.logprobs = true;
    openai_writer streamed(chat, who);
    auto out = streamed.opening();
    out += streamed.add(piece_with("é", {likelihood(3, "\xC3", -0.5), likelihood(4, "\xA9", -0.25)}));
    out += streamed.add(end(0, finish_reason::stop));
    matches_golden("logprobs_stream.sse", out + streamed.closing());

    who = identity(endpoint::completion);
    who.logprobs = true;
    openai_writer echoed(asked(endpoint::completion, R"({"prompt":[1,2],"echo":true,"logprobs":2})"), who);
    echoed.add(piece_with(" b", {likelihood(3, " b", -0.5)}));
    auto last = end(0, finish_reason::length);
    last.end->prompt_logprobs = {{{1, "", 0}, {}}, likelihood(2, "aé", -1.5)};
    echoed.add(last);
    matches_golden("logprobs.json", echoed.whole());
}
