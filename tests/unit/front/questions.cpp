// Embeddings, rankings, tokens and properties over the socket, in the forms of OpenAI, Jina, llama.cpp and Ollama.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "harness.hpp"

using namespace tw;
using namespace tw::test;
using nlohmann::json;

namespace {

json body_of(const http_answer& answer) {
    INFO(answer.body);
    CHECK(answer.status == 200);
    auto out = json::parse(answer.body, nullptr, false);
    REQUIRE_FALSE(out.is_discarded());
    return out;
}

std::string refusal(const running_server& server, std::string_view path, std::string_view body) {
    const auto answer = ask(server, post(path, body));
    CHECK(answer.status == 400);
    return error_of(answer);
}

} // namespace

TEST_CASE("embeddings come as numbers or as base64, each with its index") {
    running_server server;
    const auto numbers = body_of(ask(server, post("/v1/embeddings", R"({"model":"org/model-1","input":["abc",[7,8]],"user":"me"})")));
    CHECK(numbers == json::parse(R"({"object":"list","model":"org/model-1","usage":{"prompt_tokens":5,"total_tokens":5},"data":[
        {"object":"embedding","index":0,"embedding":[3.0,0.5,-1.0]},{"object":"embedding","index":1,"embedding":[2.0,0.5,-1.0]}]})"));
    const auto packed = body_of(ask(server, post("/v1/embeddings", R"({"input":"abc","encoding_format":"base64"})")));
    CHECK(packed["data"][0]["embedding"] == "AABAQAAAAD8AAIC/"); // 3, 0.5 and -1, little-endian
    CHECK(packed["model"] == "org/model-1");
    CHECK(body_of(ask(server, post("/v1/embeddings", R"({"input":[7,8,9]})")))["data"].size() == 1);
}

TEST_CASE("what is wrong with a request for embeddings is named") {
    running_server server;
    CHECK(refusal(server, "/v1/embeddings", "{}") ==
          "'input' is missing; it is a string, an array of strings, or token ids. | invalid_request_error | input | invalid_value");
    CHECK(refusal(server, "/v1/embeddings", R"({"input":[]})").starts_with("'input' is an empty array"));
    CHECK(refusal(server, "/v1/embeddings", R"({"input":["a",5]})").starts_with("'input[1]' must be a string or an array of token ids"));
    CHECK(refusal(server, "/v1/embeddings", R"({"input":"a","encoding_format":"int8"})") ==
          "'encoding_format' must be float or base64. | invalid_request_error | encoding_format | invalid_value");
    CHECK(refusal(server, "/v1/embeddings", R"({"input":"a","dimensions":0})").find("| dimensions |") != std::string::npos);
    std::string many = R"({"input":["a")";
    for (int i = 0; i < 2048; ++i) many += R"(,"a")";
    CHECK(refusal(server, "/v1/embeddings", many + "]}").starts_with("'input' holds 2049 entries; at most 2048 are taken"));
    CHECK(refusal(server, "/v1/embeddings", R"({"input":"broken"})") ==
          "Embeddings are not served here: it is broken. | invalid_request_error | null | unsupported_parameter");
    CHECK(ask(server, post("/v1/embeddings", R"({"model":"else","input":"a"})")).status == 404);
    CHECK(ask(server, get("/v1/embeddings")).status == 405);
}

TEST_CASE("a question that cannot be begun or fails has the status of what went wrong") {
    running_server server;
    const auto busy = ask(server, post("/v1/embeddings", R"({"input":"busy"})"));
    CHECK(busy.status == 429);
    CHECK(busy.headers.at("retry-after") == "3");
    CHECK(ask(server, post("/v1/embeddings", R"({"input":"fail"})")).status == 503);
    const auto ollama = ask(server, post("/api/embed", R"({"input":"fail"})"));
    CHECK(json::parse(ollama.body) == json{{"error", "The server went away."}});
    raw_client gone(server.port());
    gone.send(post("/v1/embeddings", R"({"input":"silent"})"));
    REQUIRE(server.pipeline->wait_running(1));
    gone.vanish();
    CHECK(server.pipeline->wait_cancelled(1));
    CHECK(ask(server, post("/v1/embeddings", R"({"input":"a"})")).status == 200);
}

TEST_CASE("a server that stops does not wait for a question for ever") {
    running_server server({.drain_timeout = std::chrono::milliseconds{50}});
    raw_client waiting(server.port());
    waiting.send(post("/v1/embeddings", R"({"input":"silent"})"));
    REQUIRE(server.pipeline->wait_running(1));
    server.stop();
    CHECK(server.pipeline->wait_cancelled(1));
}

TEST_CASE("Ollama's clients embed, in the new form and the old one, and load ahead") {
    running_server server;
    const auto several = body_of(ask(server, post("/api/embed", R"({"model":"org/model-1:latest","input":["abc","d"],"keep_alive":"5m"})")));
    CHECK(several["embeddings"] == json::parse("[[3.0,0.5,1.0],[1.0,0.5,1.0]]")); // too long ones are cut unless told otherwise
    CHECK(several["prompt_eval_count"] == 4);
    CHECK(several["model"] == "org/model-1");
    CHECK(body_of(ask(server, post("/api/embed", R"({"input":"abc","truncate":false})")))["embeddings"][0][2] == -1.0);
    CHECK(body_of(ask(server, post("/api/embeddings", R"({"model":"org/model-1","prompt":"abc"})")))["embedding"] == json::parse("[3.0,0.5,1.0]"));
    CHECK(body_of(ask(server, post("/api/embed", R"({"model":"org/model-1"})")))["embeddings"] == json::array());
    CHECK(body_of(ask(server, post("/api/embeddings", R"({"model":"org/model-1","prompt":""})")))["embedding"] == json::array());
}

TEST_CASE("documents come best first, as many as are asked for") {
    running_server server;
    const auto path = "/v1/rerank";
    const auto all = body_of(ask(server, post(path, R"({"query":"q","documents":["a","bbb",{"text":"cc"}]})")));
    CHECK(all["results"] == json::parse(R"([{"index":1,"relevance_score":3.0},{"index":2,"relevance_score":2.0},{"index":0,"relevance_score":1.0}])"));
    CHECK(all["usage"]["total_tokens"] == 5);
    const auto best = body_of(ask(server, post("/rerank", R"({"query":"q","documents":["a","bbb"],"top_n":1,"return_documents":true})")));
    CHECK(best["results"] == json::parse(R"([{"index":1,"relevance_score":3.0,"document":{"text":"bbb"}}])"));
    CHECK(refusal(server, path, R"({"documents":["a"]})").starts_with("'query' is missing"));
    CHECK(refusal(server, path, R"({"query":"q"})").starts_with("'documents' must hold at least one document"));
    CHECK(refusal(server, path, R"({"query":"q","documents":["a",{"x":1}]})").find("| documents[1] |") != std::string::npos);
    CHECK(refusal(server, path, R"({"query":"q","documents":["a"],"top_n":0})").find("| top_n |") != std::string::npos);
}

TEST_CASE("tokens and their texts have llama.cpp's forms") {
    running_server server;
    CHECK(body_of(ask(server, post("/tokenize", R"({"content":"ab"})"))) == json{{"tokens", {97, 98}}});
    CHECK(body_of(ask(server, post("/tokenize", R"({"content":"é","add_special":true,"with_pieces":true})"))) ==
          json::parse(R"({"tokens":[{"id":1,"piece":"<s>"},{"id":195,"piece":[195]},{"id":169,"piece":[169]}]})"));
    CHECK(body_of(ask(server, post("/tokenize", R"({"content":""})"))) == json{{"tokens", json::array()}});
    CHECK(body_of(ask(server, post("/detokenize", R"({"tokens":[97,98]})"))) == json{{"content", "ab"}});
    CHECK(refusal(server, "/tokenize", "{}").starts_with("'content' is missing"));
    CHECK(refusal(server, "/tokenize", R"({"content":7})").find("| content |") != std::string::npos);
    CHECK(refusal(server, "/detokenize", R"({"tokens":"a"})").find("| tokens |") != std::string::npos);
    CHECK(refusal(server, "/detokenize", R"({"tokens":[1,-2]})").find("| tokens[1] |") != std::string::npos);
}

TEST_CASE("properties are told of the model that the query names") {
    running_server server;
    const auto told = body_of(ask(server, get("/props?model=org%2Fmodel-1")));
    CHECK(told["default_generation_settings"]["n_ctx"] == 2048);
    CHECK(told["total_slots"] == 4);
    CHECK(told["model_alias"] == "org/model-1");
    CHECK(told["chat_template"] == "{{x}}");
    CHECK(body_of(ask(server, get("/props"))) == told);
    CHECK(ask(server, get("/props?autoload=1&model=else")).status == 404);
}
