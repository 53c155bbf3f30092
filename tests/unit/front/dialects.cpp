// The APIs beside OpenAI's chat and completions, over the socket: Ollama's, Anthropic's, OpenAI's responses.
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "front/ollama_pages.hpp"
#include "harness.hpp"

using namespace tw;
using namespace tw::test;
using nlohmann::json;

namespace {

std::string said(std::string_view script, std::string_view more = "") {
    return R"({"model":"org/model-1","messages":[{"role":"user","content":")" + std::string(script) + "\"}]" +
           std::string(more) + "}";
}

json body_of(const http_answer& answer) {
    INFO(answer.body);
    auto out = json::parse(answer.body, nullptr, false);
    REQUIRE_FALSE(out.is_discarded());
    return out;
}

std::vector<json> lines_of(const std::string& body) {
    std::vector<json> out;
    std::istringstream in(body);
    for (std::string line; std::getline(in, line);) out.push_back(json::parse(line));
    return out;
}

/// The events of a stream: name and data.
std::vector<std::pair<std::string, json>> events_of(const std::string& body) {
    std::vector<std::pair<std::string, json>> out;
    std::istringstream in(body);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("event: ")) out.emplace_back(line.substr(7), json());
        if (line.starts_with("data: ")) out.back().second = json::parse(line.substr(6));
    }
    return out;
}

} // namespace

TEST_CASE("Ollama's chat is streamed by lines unless told otherwise") {
    running_server server;
    const auto answer = ask(server, post("/api/chat", said("three small words", R"(,"options":{"seed":7})")));
    CHECK(answer.status == 200);
    CHECK(answer.headers.at("content-type") == "application/x-ndjson");
    const auto lines = lines_of(answer.body);
    std::string text;
    for (const auto& line : lines) {
        CHECK(line["model"] == "org/model-1");
        CHECK(line["done"] == (&line == &lines.back()));
        text += line["message"]["content"].get<std::string>();
    }
    CHECK(text == "three small words seed=7");
    const auto& last = lines.back();
    CHECK(last["done_reason"] == "stop");
    CHECK(last["prompt_eval_count"] == 3);
    CHECK(last["eval_count"] == 4);
    CHECK(last["total_duration"] == 1003000000);
    CHECK(last["eval_duration"] == 1000000000);
    CHECK(last["tightwad"]["seed"] == 7);
    const auto whole = body_of(ask(
        server, post("/api/chat", said("three small words", R"(,"stream":false,"options":{"seed":7})"))));
    CHECK(whole["message"] == json{{"role", "assistant"}, {"content", text}});
    CHECK(whole["done"] == true);
}

TEST_CASE("Ollama's options are the sampling, with Ollama's defaults") {
    running_server server;
    static_cast<void>(ask(server, post("/api/chat", said("a"))));
    CHECK(server.pipeline->last_request().sampling.temperature == 0.8F);
    CHECK(server.pipeline->last_request().sampling.top_k == 40);
    CHECK_FALSE(server.pipeline->last_request().max_tokens.has_value());
    static_cast<void>(ask(server, post("/api/generate", R"({"model":"org/model-1","prompt":"a","system":"Be brief.",
        "options":{"num_predict":3,"temperature":0,"stop":["x"],"num_ctx":4096}})")));
    const auto asked = server.pipeline->last_request();
    CHECK(asked.max_tokens == 3);
    CHECK(asked.sampling.temperature == 0);
    CHECK(asked.stop == std::vector<std::string>{"x"});
    const auto messages = std::get<std::vector<chat_message>>(asked.input);
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].role == "system");
    CHECK(messages[1].content == "a");
    static_cast<void>(ask(server, post("/api/generate", R"({"model":"org/model-1","prompt":"a b","raw":true,
        "options":{"num_predict":-1}})")));
    CHECK(std::get<std::string>(server.pipeline->last_request().input) == "a b");
    CHECK_FALSE(server.pipeline->last_request().max_tokens.has_value());
    for (const auto* unbounded : {"0", "-2", "-100"}) {
        const auto options = R"(,"stream":false,"options":{"num_predict":)" + std::string(unbounded) + "}";
        CHECK(ask(server, post("/api/chat", said("a", options))).status == 200);
        CHECK_FALSE(server.pipeline->last_request().max_tokens.has_value());
    }
    static_cast<void>(ask(server, post("/api/generate", R"({"model":"org/model-1","prompt":"f(","suffix":"]"})")));
    CHECK(std::get<std::string>(server.pipeline->last_request().input) == "f(");
    CHECK(server.pipeline->last_request().suffix == "]");
    CHECK(ask(server, post("/api/generate", R"({"model":"org/model-1","prompt":"f(","suffix":"]","system":"x"})")).status == 400);
}

TEST_CASE("Ollama's clients may ask for thoughts, and the server behind hears it") {
    running_server server;
    const auto heard = [&](std::string_view path, std::string_view think) {
        const auto body = std::string(R"({"model":"org/model-1","prompt":"a","messages":[{"role":"user","content":"a"}],)") +
                          R"("stream":false,"options":{"seed":3},"think":)" + std::string(think) + "}";
        CHECK(ask(server, post(path, body)).status == 200);
        return json::parse(server.pipeline->last_request().said);
    };
    for (const auto* path : {"/api/chat", "/api/generate"})
        for (const auto* think : {"true", "false", R"("high")"})
            CHECK(heard(path, think) == json{{"seed", 3}, {"think", json::parse(think)}});
    CHECK(heard("/api/chat", "null") == json{{"seed", 3}});
    for (const auto* wrong : {"3", "[true]"}) {
        const auto refused = ask(server, post("/api/chat", said("a", R"(,"think":)" + std::string(wrong))));
        CHECK(refused.status == 400);
        CHECK(body_of(refused)["error"].get<std::string>().find("'think'") != std::string::npos);
    }
}

TEST_CASE("Ollama's clients see the models, and load one ahead") {
    running_server server;
    const auto tags = body_of(ask(server, get("/api/tags")));
    CHECK(tags["models"][0]["name"] == "org/model-1");
    CHECK(tags["models"][0]["digest"].get<std::string>().size() == 64);
    CHECK(body_of(ask(server, get("/api/ps")))["models"].size() == 1);
    CHECK(body_of(ask(server, get("/api/version")))["version"].is_string());
    CHECK(ask(server, get("/")).status == 200);
    const auto shown = body_of(ask(server, post("/api/show", R"({"model":"org/model-1:latest"})")));
    CHECK(shown["capabilities"] == json::array({"completion", "tools"}));
    CHECK(shown["details"]["family"] == "fake");
    CHECK(shown["model_info"] == json{{"general.architecture", "fake"}, {"fake.context_length", 2048}});
    CHECK(body_of(ask(server, post("/api/show", R"({"name":"no"})")))["error"].get<std::string>().starts_with("There is no model 'no'"));
    const auto loaded = body_of(ask(server, post("/api/generate", R"({"model":"org/model-1"})")));
    CHECK(loaded["done"] == true);
    CHECK(loaded["done_reason"] == "load");
    const auto tagged = R"({"model":"org/model-1:latest","messages":[{"role":"user","content":"x"}],"stream":false})";
    CHECK(body_of(ask(server, post("/api/chat", tagged)))["model"] == "org/model-1");
}

TEST_CASE("what a model shows is what is known of it") {
    const auto shown = [](const std::optional<model_properties>& known) {
        return json::parse(front::ollama_show_page(known, 0).body);
    };
    const auto nothing = shown(std::nullopt); // a cloud: whatever it can is passed on
    CHECK(nothing["capabilities"] == json::array({"completion", "tools"}));
    CHECK(nothing["model_info"] == json::object());
    const auto vectors = shown(model_properties{.context = 512, .model = "bert 22M F16", .embeds = true});
    CHECK(vectors["capabilities"] == json::array({"embedding"}));
    CHECK(vectors["model_info"]["bert.context_length"] == 512);
    CHECK(shown(model_properties{.model = "bert 22M F16", .ranks = true})["capabilities"] == json::array());
    const auto server = shown(model_properties{.as_is = R"({"default_generation_settings":{"n_ctx":4096},
        "modalities":{"vision":true,"audio":false},"chat_template_caps":{"supports_tools":false}})"});
    CHECK(server["capabilities"] == json::array({"completion", "vision"}));
    CHECK(server["model_info"] == json{{"general.context_length", 4096}});
    CHECK(shown(model_properties{.as_is = R"({"modalities":[true],"default_generation_settings":7})"})["capabilities"] ==
          json::array({"completion", "tools"}));
}

TEST_CASE("a model that is still being loaded can be shown") {
    running_server server({}, false);
    const auto shown = ask(server, post("/api/show", R"({"model":"org/model-1"})"));
    CHECK(shown.status == 200);
    CHECK(body_of(shown)["model_info"] == json::object());
}

TEST_CASE("Ollama's log probabilities are told of each piece, and of the whole") {
    running_server server;
    const auto more = R"(,"logprobs":true,"top_logprobs":2,"options":{"temperature":0})";
    const auto lines = lines_of(ask(server, post("/api/chat", said("three small words", more))).body);
    REQUIRE(lines.size() == 4);
    CHECK(server.pipeline->last_request().top_logprobs == 2);
    CHECK(lines[1]["logprobs"] == json::parse(R"([{"token":" small","logprob":-0.5,"bytes":[32,115,109,97,108,108],"top_logprobs":[]}])"));
    const auto whole = body_of(ask(server, post("/api/generate", R"({"model":"org/model-1","prompt":"a b","stream":false,
        "logprobs":true,"options":{"temperature":0}})")));
    REQUIRE(whole["logprobs"].size() == 2);
    CHECK(whole["logprobs"][0]["token"] == "a");
    CHECK_FALSE(body_of(ask(server, post("/api/chat", said("a", R"(,"stream":false)")))).contains("logprobs"));
    CHECK(body_of(ask(server, post("/api/chat", said("a", R"(,"top_logprobs":1)"))))["error"] ==
          "'top_logprobs' is set and 'logprobs' is not true; set both.");
}

TEST_CASE("a message and its events are Anthropic's") {
    running_server server;
    const auto body = said("three small words", R"(,"max_tokens":64,"temperature":0,"system":"Be brief.")");
    const auto whole = body_of(ask(server, post("/v1/messages", body)));
    CHECK(whole["id"].get<std::string>().starts_with("msg_"));
    CHECK(whole["content"] == json::array({{{"type", "text"}, {"text", "three small words"}}}));
    CHECK(whole["stop_reason"] == "end_turn");
    CHECK(whole["stop_sequence"].is_null());
    CHECK(whole["usage"]["input_tokens"] == 3);
    CHECK(whole["usage"]["output_tokens"] == 3);
    CHECK(std::get<std::vector<chat_message>>(server.pipeline->last_request().input).front().role == "system");

    const auto events = events_of(
        ask(server, post("/v1/messages", said("one two", R"(,"max_tokens":1,"temperature":0,"stream":true)"))).body);
    std::vector<std::string> names;
    for (const auto& [name, data] : events) {
        names.push_back(name);
        CHECK(data["type"] == name);
    }
    CHECK(names == std::vector<std::string>{"message_start", "content_block_start", "content_block_delta",
                                            "content_block_stop", "message_delta", "message_stop"});
    CHECK(events[2].second["delta"]["text"] == "one");
    CHECK(events[4].second["delta"]["stop_reason"] == "max_tokens");
    CHECK(events[4].second["usage"]["output_tokens"] == 1);
    CHECK(body_of(ask(server, post("/v1/messages/count_tokens", said("one two three")))) == json{{"input_tokens", 3}});
    CHECK(ask(server, post("/v1/messages/count_tokens", said("busy"))).status == 429);
    CHECK(ask(server, post("/v1/messages/count_tokens", said("fail"))).status == 503);
    CHECK(body_of(ask(server, post("/v1/messages/count_tokens", said("broken"))))["error"]["message"] ==
          "Counts of tokens are not served here: it is broken. Ask for an answer, whose usage has the count.");
}

TEST_CASE("Anthropic's format is the form of the answer, and thoughts may be asked for") {
    running_server server;
    const auto asked = [&](const char* more) { return ask(server, post("/v1/messages", said("x", more))); };
    const auto held = body_of(asked(R"(,"max_tokens":50,"thinking":{"type":"enabled","budget_tokens":1024},
        "output_config":{"effort":"low","format":{"type":"json_schema",
            "schema":{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"string"}}}}})"));
    CHECK(held["content"].size() == 1);
    CHECK(server.pipeline->last_request().sampling.grammar ==
          R"({"json_schema":{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"string"}}}})");
    const auto refused = [&](const char* more) { return body_of(asked(more))["error"]["message"].get<std::string>(); };
    CHECK(refused(R"(,"output_config":{"format":{"type":"json_schema"}})") ==
          "'output_config.format.schema' must be an object, a JSON schema.");
    CHECK(refused(R"(,"output_config":{"format":"json"})") == "'output_config.format' must be an object, not a string.");
    CHECK(asked(R"(,"tools":[{"name":"f","input_schema":{"type":"object"}}],
        "output_config":{"format":{"type":"json_schema","schema":{}}})").status == 200);
    CHECK(asked(R"(,"output_config":{"effort":"high"})").status == 200);
    CHECK(server.pipeline->last_request().sampling.grammar.empty());
}

TEST_CASE("a tool call is Ollama's: whole, its arguments an object, before the end") {
    running_server server;
    const auto tools = R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])";
    const auto lines = lines_of(ask(server, post("/api/chat", said("x", tools))).body);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0]["message"]["content"] == "Let me look.");
    CHECK(lines[1]["message"]["tool_calls"] ==
          json::parse(R"([{"function":{"name":"f","arguments":{"city":"Rome"}}}])"));
    CHECK(lines[1]["done"] == false);
    CHECK(lines[2]["done"] == true);
    const auto whole = body_of(ask(server, post("/api/chat", said("x", tools + std::string(R"(,"stream":false)")))));
    CHECK(whole["message"]["tool_calls"] == lines[1]["message"]["tool_calls"]);
    const auto told = R"({"model":"org/model-1","stream":false,"messages":[{"role":"user","content":"x"},
        {"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"city":"Rome"}}}]},
        {"role":"tool","tool_name":"f","content":"It rains."}]})";
    CHECK(ask(server, post("/api/chat", told)).status == 200);
    const auto messages = std::get<std::vector<chat_message>>(server.pipeline->last_request().input);
    REQUIRE(messages.size() == 3);
    CHECK(messages[1].calls.at(0).arguments == R"({"city":"Rome"})");
    CHECK(messages[2].tool == "f");
}

TEST_CASE("a tool use is Anthropic's: a block of its own, its input in pieces") {
    running_server server;
    const auto asked = said("x", R"(,"max_tokens":50,"stream":true,
        "tools":[{"name":"f","input_schema":{"type":"object"}}])");
    const auto events = events_of(ask(server, post("/v1/messages", asked)).body);
    std::string names, input;
    for (const auto& [name, data] : events) {
        names += name.substr(name.find('_') + 1) + " ";
        if (name == "content_block_delta") input += data["delta"].value("partial_json", "");
    }
    CHECK(names == "start block_start block_delta block_stop block_start block_delta block_delta block_delta block_stop "
                   "delta stop ");
    CHECK(events[4].second["index"] == 1);
    CHECK(events[4].second["content_block"]["name"] == "f");
    CHECK(input == R"({"city":"Rome"})");
    CHECK(events[9].second["delta"]["stop_reason"] == "tool_use");
    const auto told = R"({"model":"org/model-1","max_tokens":9,"messages":[{"role":"user","content":"x"},
        {"role":"assistant","content":[{"type":"text","text":"Hm."},
            {"type":"tool_use","id":"t","name":"f","input":{"a":1}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t",
            "content":[{"type":"text","text":"It rains."}]}]}]})";
    CHECK(ask(server, post("/v1/messages", told)).status == 200);
    const auto messages = std::get<std::vector<chat_message>>(server.pipeline->last_request().input);
    REQUIRE(messages.size() == 3);
    CHECK(messages[1].content == "Hm.");
    CHECK(messages[1].calls.at(0).arguments == R"({"a":1})");
    CHECK(messages[2].role == "tool");
    CHECK(messages[2].call_id == "t");
    CHECK(messages[2].content == "It rains.");
}

TEST_CASE("a response and its events are OpenAI's") {
    running_server server;
    const auto whole = body_of(ask(server, post("/v1/responses",
        R"({"model":"org/model-1","input":"three small words","temperature":0,"instructions":"Be brief."})")));
    CHECK(whole["status"] == "completed");
    CHECK(whole["output"][0]["content"][0]["text"] == "three small words");
    CHECK(whole["usage"]["total_tokens"] == 6);
    CHECK(whole["instructions"] == "Be brief.");
    const auto events = events_of(ask(server, post("/v1/responses", R"({"model":"org/model-1","temperature":0,
        "input":[{"role":"user","content":[{"type":"input_text","text":"one two"}]}],"max_output_tokens":1,"stream":true})"))
                                      .body);
    REQUIRE(events.size() == 9);
    for (std::size_t i = 0; i < events.size(); ++i) {
        CHECK(events[i].second["type"] == events[i].first);
        CHECK(events[i].second["sequence_number"] == i);
    }
    CHECK(events.front().first == "response.created");
    CHECK(events[4].second["delta"] == "one");
    CHECK(events.back().first == "response.incomplete");
    CHECK(events.back().second["response"]["incomplete_details"]["reason"] == "max_output_tokens");
    CHECK(events.back().second["response"]["output"][0]["content"][0]["text"] == "one");
}

TEST_CASE("a function call of a response is an item of its own, its arguments in pieces") {
    running_server server;
    const auto asked = [](const std::string& more) {
        return post("/v1/responses", R"({"model":"org/model-1","input":"x","tools":[{"type":"function","name":"f",
            "parameters":{"type":"object"}}])" + more + "}");
    };
    const auto whole = body_of(ask(server, asked("")));
    REQUIRE(whole["output"].size() == 2);
    CHECK(whole["output"][0]["content"][0]["text"] == "Let me look.");
    CHECK(whole["output"][1]["type"] == "function_call");
    CHECK(whole["output"][1]["arguments"] == R"({"city":"Rome"})");
    CHECK(whole["tools"][0]["name"] == "f");
    const auto events = events_of(ask(server, asked(R"(,"stream":true,"tool_choice":"auto")")).body);
    std::string names, input;
    for (const auto& [name, data] : events) {
        names += name.substr(name.find('.') + 1) + " ";
        if (name == "response.function_call_arguments.delta") input += data["delta"];
    }
    CHECK(names == "created in_progress output_item.added content_part.added output_text.delta output_text.done "
                   "content_part.done output_item.done output_item.added function_call_arguments.delta "
                   "function_call_arguments.delta function_call_arguments.done output_item.done completed ");
    CHECK(input == R"({"city":"Rome"})");
    CHECK(events[8].second["output_index"] == 1);
    CHECK(events[12].second["item"] == events.back().second["response"]["output"][1]);
    CHECK(events.back().second["response"]["output"].size() == 2);
    const auto only = body_of(ask(server, asked(R"(,"tool_choice":{"type":"function","name":"f"})")));
    REQUIRE(only["output"].size() == 1);
    CHECK(only["tool_choice"]["name"] == "f");

    const auto told = R"({"model":"org/model-1","input":[{"role":"user","content":"x"},
        {"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{\"a\":1}"},
        {"type":"reasoning","summary":[]},
        {"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},
        {"type":"function_call_output","call_id":"c1","output":"It rains."},
        {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"Sun."}]}]})";
    CHECK(ask(server, post("/v1/responses", told)).status == 200);
    const auto messages = std::get<std::vector<chat_message>>(server.pipeline->last_request().input);
    REQUIRE(messages.size() == 4);
    REQUIRE(messages[1].calls.size() == 2);
    CHECK(messages[1].calls[0].id == "c1");
    CHECK(messages[1].calls[0].arguments == R"({"a":1})");
    CHECK(messages[2].call_id == "c1");
    CHECK(messages[3].content == "Sun.");

    const auto refused = [&](const char* body) { return body_of(ask(server, post("/v1/responses", body)))["error"]; };
    CHECK(refused(R"({"model":"org/model-1","input":"x","tools":[{"type":"web_search"}]})")["param"] == "tools[0].type");
    CHECK(refused(R"({"model":"org/model-1","input":"x","tool_choice":"required"})")["param"] == "tool_choice");
    CHECK(refused(R"({"model":"org/model-1","input":[{"type":"function_call","name":"a b"}]})")["param"] == "input[0].name");
    CHECK(refused(R"({"model":"org/model-1","input":[{"type":"function_call","name":"f","arguments":"["}]})")["param"] ==
          "input[0].arguments");
    CHECK(refused(R"({"model":"org/model-1","input":[{"type":"function_call_output","output":"x"}]})")["param"] ==
          "input[0].call_id");
    CHECK(refused(R"({"model":"org/model-1","input":[{"type":"function_call_output","call_id":"c"}]})")["param"] ==
          "input[0].output");
}

TEST_CASE("every API gets its errors in its own words") {
    running_server server({.token = "secret"});
    const auto with = [&](const char* path, const std::string& body, const char* token = "x-api-key: secret\r\n") {
        return ask(server, post(path, body, token));
    };
    const auto ollama = with("/api/chat", said("x", R"(,"options":{"temperature":9})"));
    CHECK(ollama.status == 400);
    CHECK(body_of(ollama) ==
          json{{"error", "'options.temperature' must lie between 0.0 and 2.0, not be 9."}});
    const auto denied = with("/api/chat", said("x"), "");
    CHECK(denied.status == 401);
    CHECK(body_of(denied)["error"].is_string());

    const auto unknown = with("/v1/messages", R"({"model":"no","messages":[{"role":"user","content":"x"}]})");
    CHECK(unknown.status == 404);
    CHECK(body_of(unknown)["type"] == "error");
    CHECK(body_of(unknown)["error"]["type"] == "not_found_error");
    const auto busy = with("/v1/messages", said("busy"));
    CHECK(busy.status == 429);
    CHECK(body_of(busy)["error"]["type"] == "rate_limit_error");
    CHECK(busy.headers.contains("retry-after"));
    CHECK(body_of(with("/v1/messages", said("x", R"(,"tools":[{"name":"f g"}])")))["error"]["message"] ==
          "'tools[0].name' must be a name of 1 to 64 letters, digits, underscores and hyphens.");

    const auto response = with("/v1/responses", R"({"model":"org/model-1","input":"x","previous_response_id":"r"})");
    CHECK(response.status == 400);
    CHECK(body_of(response)["error"]["param"] == "previous_response_id");
}

TEST_CASE("a stream that fails ends with the error of its API") {
    running_server server;
    const auto lines = lines_of(ask(server, post("/api/chat", said("fail late"))).body);
    CHECK(lines.back() == json{{"error", "The engine lost its worker 192.168.1.20."}});
    const auto anthropic = events_of(ask(server, post("/v1/messages", said("fail late", R"(,"stream":true)"))).body);
    CHECK(anthropic.back().first == "error");
    CHECK(anthropic.back().second["error"]["message"] == "The engine lost its worker 192.168.1.20.");
    const auto responses = events_of(
        ask(server, post("/v1/responses", R"({"model":"org/model-1","input":"fail late","stream":true})")).body);
    CHECK(responses.back().first == "error");
    CHECK(responses.back().second["message"] == "The engine lost its worker 192.168.1.20.");
}

TEST_CASE("a silent stream is kept open as its API allows") {
    running_server server({.ping_interval = std::chrono::milliseconds{20}});
    raw_client anthropic(server.port());
    anthropic.send(post("/v1/messages", said("silent", R"(,"stream":true)")));
    CHECK(anthropic.read_until("event: ping").ends_with("event: ping"));
    raw_client ollama(server.port());
    ollama.send(post("/api/chat", said("silent")));
    const auto head = ollama.read_until("\r\n\r\n");
    CHECK(head.find("application/x-ndjson") != std::string::npos);
}
