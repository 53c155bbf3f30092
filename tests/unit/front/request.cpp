// What the front makes of request bodies.
#include <catch2/catch_test_macros.hpp>

#include "front/api_request.hpp"

using namespace tw;
using namespace tw::front;

namespace {

api_request chat(std::string_view fields) {
    auto parsed = parse_request(endpoint::chat,
                                R"({"model":"m","messages":[{"role":"user","content":"hi"}])" +
                                    std::string(fields) + "}",
                                {.max_tokens = 1000});
    INFO((parsed ? "" : parsed.error().message));
    REQUIRE(parsed.has_value());
    return *parsed;
}

std::string chat_error(std::string_view body) {
    const auto parsed = parse_request(endpoint::chat, body, {.max_tokens = 1000});
    REQUIRE(parsed.has_error());
    return parsed.error().param + ": " + parsed.error().message;
}

std::string field_error(std::string_view fields) {
    return chat_error(R"({"messages":[{"role":"user","content":"hi"}])" + std::string(fields) +
                      "}");
}

api_request completion(std::string_view fields) {
    auto parsed =
        parse_request(endpoint::completion, "{" + std::string(fields) + "}", {.max_tokens = 1000});
    INFO((parsed ? "" : parsed.error().message));
    REQUIRE(parsed.has_value());
    return *parsed;
}

std::string completion_error(std::string_view fields) {
    const auto parsed =
        parse_request(endpoint::completion, "{" + std::string(fields) + "}", {.max_tokens = 1000});
    REQUIRE(parsed.has_error());
    return parsed.error().param + ": " + parsed.error().message;
}

} // namespace

TEST_CASE("a bare chat request has OpenAI's defaults") {
    const auto request = chat("");
    CHECK(request.model == "m");
    CHECK_FALSE(request.stream);
    CHECK(request.n == 1);
    CHECK(request.base.sampling.temperature == 1.0F);
    CHECK(request.base.sampling.top_p == 1.0F);
    CHECK_FALSE(request.base.max_tokens.has_value());
    CHECK(request.base.speculate);
    const auto messages = std::get<std::vector<chat_message>>(request.answer(0).input);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].role == "user");
    CHECK(messages[0].content == "hi");
}

TEST_CASE("every sampling field arrives, llama.cpp's too") {
    const auto base =
        chat(R"(,"temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.05,"repeat_penalty":1.1,
        "repeat_last_n":32,"presence_penalty":-1,"frequency_penalty":2,"seed":-3,"max_tokens":5,
        "max_completion_tokens":7,"stop":["a","","b"],"logit_bias":{"12":-100,"3":1.5},
        "tightwad":{"speculation":false})")
            .base;
    CHECK(base.sampling.temperature == 0.5F);
    CHECK(base.sampling.top_p == 0.9F);
    CHECK(base.sampling.top_k == 40);
    CHECK(base.sampling.min_p == 0.05F);
    CHECK(base.sampling.repeat_penalty == 1.1F);
    CHECK(base.sampling.repeat_last_n == 32);
    CHECK(base.sampling.presence_penalty == -1);
    CHECK(base.sampling.frequency_penalty == 2);
    CHECK(base.sampling.seed == static_cast<std::uint64_t>(-3));
    CHECK(base.max_tokens == 7);
    CHECK(base.stop == std::vector<std::string>{"a", "b"});
    CHECK(base.sampling.logit_bias ==
          std::vector<std::pair<std::int32_t, float>>{{12, -100.0F}, {3, 1.5F}});
    CHECK_FALSE(base.speculate);
}

TEST_CASE("null is absence, unknown fields are ignored, harmless ones too") {
    const auto request =
        chat(R"(,"temperature":null,"stop":null,"tools":[],"tool_choice":"auto","n":null,
        "logprobs":false,"response_format":{"type":"text"},"user":"u","metadata":{},"store":true,
        "reasoning_effort":"low","something_new":[1],"max_tokens":16.0)");
    CHECK(request.base.sampling.temperature == 1.0F);
    CHECK(request.base.max_tokens == 16);
}

TEST_CASE("a server hears what the client said, as he said it, and nothing that he did not say") {
    CHECK(chat("").base.said.empty());
    CHECK(chat(R"(,"max_tokens":5,"stop":"x","stream":true,"n":2,"temperature":null,"logit_bias":{},"models":["a"],"n_predict":9)").base.said.empty());
    CHECK(chat(R"(,"temperature":0.7,"top_p":1,"top_k":-1,"min_p":0,"presence_penalty":0,"seed":-3,"logit_bias":{"3":1.5})").base.said ==
          R"({"logit_bias":{"3":1.5},"min_p":0,"presence_penalty":0,"seed":-3,"temperature":0.7,"top_k":-1,"top_p":1})");
    CHECK(chat(R"(,"reasoning_effort":"low","user":"u","max_completion_tokens":7,"chat_template_kwargs":{"a":[1]},"provider":{"sort":"price"})").base.said ==
          R"({"chat_template_kwargs":{"a":[1]},"max_completion_tokens":7,"provider":{"sort":"price"},"reasoning_effort":"low","user":"u"})");
    CHECK(completion(R"("prompt":"x","cache_prompt":false,"messages":[])").base.said == R"({"cache_prompt":false})");
    const auto large = R"(,"note":")" + std::string(64U << 10U, 'x') + '"';
    const auto deep = R"(,"note":)" + std::string(33, '[') + std::string(33, ']');
    for (const auto& each : {large, deep}) CHECK(chat(each).base.said.empty());
    const auto ollama = parse_request(endpoint::ollama_chat, R"({"model":"m","messages":[{"role":"user","content":"hi"}],
        "options":{"temperature":0.1,"num_ctx":9}})", {});
    REQUIRE(ollama.has_value());
    CHECK(ollama->base.said == R"({"temperature":0.1})");
    CHECK(ollama->base.sampling.top_k == 40); // in this process Ollama's own defaults hold
    const auto anthropic = parse_request(endpoint::messages, R"({"model":"m","max_tokens":3,"top_k":5,"metadata":{"user_id":"u"},
        "messages":[{"role":"user","content":"hi"}]})", {});
    REQUIRE(anthropic.has_value());
    CHECK(anthropic->base.said == R"({"top_k":5})");
}

TEST_CASE("a seed that is not given is drawn, and fits a double") {
    const auto one = chat("").base.sampling.seed;
    const auto two = chat("").base.sampling.seed;
    CHECK(one != two);
    CHECK(one < (std::uint64_t{1} << 53U));
}

TEST_CASE("the k-th of n answers has its own seed, so that it can be had again alone") {
    const auto request = completion(R"("prompt":["a","b"],"n":2,"seed":10)");
    REQUIRE(request.answers() == 4);
    CHECK(request.answer(0).sampling.seed == 10);
    CHECK(request.answer(1).sampling.seed == 11);
    CHECK(request.answer(2).sampling.seed == 10);
    CHECK(std::get<std::string>(request.answer(1).input) == "a");
    CHECK(std::get<std::string>(request.answer(2).input) == "b");
}

TEST_CASE("prompts come as text, token ids, and lists of both") {
    CHECK(std::get<std::string>(completion(R"("prompt":"x")").inputs.at(0)) == "x");
    CHECK(std::get<token_ids>(completion(R"("prompt":[1,2,3])").inputs.at(0)) ==
          token_ids{1, 2, 3});
    const auto lists = completion(R"("prompt":[[1],[2,3]])");
    REQUIRE(lists.inputs.size() == 2);
    CHECK(std::get<token_ids>(lists.inputs[1]) == token_ids{2, 3});
    CHECK(completion(R"("prompt":"x")").base.max_tokens == 16);
}

TEST_CASE("text parts are joined, an assistant's message may be empty") {
    const auto parsed = parse_request(endpoint::chat, R"({"messages":[
        {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
        {"role":"assistant","content":null}]})",
                                      {});
    REQUIRE(parsed.has_value());
    const auto messages = std::get<std::vector<chat_message>>(parsed->inputs.at(0));
    CHECK(messages.at(0).content == "a\nb");
    CHECK(messages.at(1).content.empty());
}

TEST_CASE("a value that does not fit is named with its field") {
    CHECK(field_error(R"(,"temperature":3)") ==
          "temperature: 'temperature' must lie between 0.0 and 2.0, not be 3.");
    CHECK(field_error(R"(,"temperature":"hot")") ==
          "temperature: 'temperature' must be a number, not a string.");
    CHECK(field_error(R"(,"temperature":true)") ==
          "temperature: 'temperature' must be a number, not true.");
    CHECK(field_error(R"(,"n":0)") == "n: 'n' must lie between 1 and 128, not be 0.");
    CHECK(field_error(R"(,"n":1.5)") == "n: 'n' must be an integer, not the number 1.5.");
    CHECK(field_error(R"(,"max_tokens":-5)") ==
          "max_tokens: 'max_tokens' must be at least 1, not -5.");
    CHECK(field_error(R"(,"max_tokens":1001)") == "max_tokens: 'max_tokens' is 1001; this server "
                                                  "gives at most 1000 tokens (max_tokens_limit).");
    CHECK(field_error(R"(,"max_tokens":18446744073709551615)").starts_with("max_tokens: "));
    CHECK(field_error(R"(,"stream":"yes")") ==
          "stream: 'stream' must be true or false, not a string.");
    CHECK(field_error(R"(,"stop":["a","b","c","d","e"])") ==
          "stop: 'stop' holds 5 strings; at most 4 are taken.");
    CHECK(field_error(R"(,"stop":[1])") ==
          "stop: 'stop' must be a string or an array of strings, not the number 1.");
    CHECK(field_error(R"(,"seed":0.5)") == "seed: 'seed' must be an integer, not the number 0.5.");
    CHECK(field_error(R"(,"logit_bias":{"the":1})") ==
          "logit_bias: 'logit_bias' has the key 'the'; its keys are token ids.");
    CHECK(field_error(R"(,"stream_options":{"include_usage":1})") ==
          "stream_options.include_usage: 'stream_options.include_usage' must be true or false, not "
          "the number 1.");
    CHECK(field_error(R"(,"tightwad":{"speculaton":true})") ==
          "tightwad.speculaton: 'tightwad' knows the fields 'speculation' and 'inline_reasoning' only, "
          "not 'speculaton'.");
}

TEST_CASE("a predicted output is a string or text parts, and nothing else") {
    CHECK(chat(R"(,"prediction":{"type":"content","content":"as before"})").base.prediction == "as before");
    CHECK(chat(R"(,"prediction":{"type":"content","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})")
              .base.prediction == "ab");
    CHECK(chat("").base.prediction.empty());
    CHECK(field_error(R"(,"prediction":{"type":"guess","content":"x"})") ==
          "prediction.type: 'prediction.type' is 'guess'; the only kind there is is 'content'.");
    CHECK(field_error(R"(,"prediction":{"type":"content","content":[{"type":"image"}]})") ==
          "prediction.content: 'prediction.content' holds a part that is not text.");
    CHECK(field_error(R"(,"prediction":{"type":"content","content":4})") ==
          "prediction.content: 'prediction.content' must be a string or an array of text parts, not the number 4.");
}

TEST_CASE("messages that are none are named by their place") {
    CHECK(chat_error(R"({})") == "messages: 'messages' must hold at least one message.");
    CHECK(chat_error(R"({"messages":[]})") ==
          "messages: 'messages' must hold at least one message.");
    CHECK(chat_error(R"({"messages":"hi"})") ==
          "messages: 'messages' must be an array, not a string.");
    CHECK(chat_error(R"({"messages":[1]})") ==
          "messages[0]: 'messages[0]' must be an object, not the number 1.");
    CHECK(chat_error(R"({"messages":[{"role":"king","content":""}]})") ==
          "messages[0].role: 'messages[0].role' is 'king'; it must be system, developer, user, "
          "assistant or tool.");
    CHECK(chat_error(R"({"messages":[{"role":"user"}]})") ==
          "messages[0].content: 'messages[0].content' is missing.");
    CHECK(chat_error(R"({"messages":[{"role":"user","content":[{"type":"input_audio"}]}]})") ==
          "messages[0].content[0].input_audio.data: 'messages[0].content[0].input_audio.data' must be a string, as in "
          "{\"data\": \"UklGR…\", \"format\": \"wav\"}.");
    CHECK(chat_error(R"({"messages":[{"role":"user","content":[{"type":"file"}]}]})") ==
          "messages[0].content[0].type: Parts of type 'file' are not supported yet (messages[0].content[0]); send text.");
}

TEST_CASE("images stay what the client sent, and only users send them") {
    const std::string image = R"({"image_url":{"url":"data:image/png;base64,AA=="},"type":"image_url"})";
    const auto said = [&](const std::string& role, const std::string& part) {
        return R"({"messages":[{"role":")" + role + R"(","content":[{"text":"Look","type":"text"},)" + part + "]}]}";
    };
    const auto parsed = parse_request(endpoint::chat, said("user", image), {.max_tokens = 1000});
    REQUIRE(parsed.has_value());
    const auto& message = std::get<std::vector<chat_message>>(parsed->inputs[0])[0];
    CHECK(message.content.empty());
    CHECK(message.parts == R"([{"text":"Look","type":"text"},)" + image + "]");
    for (const char* none : {"{}", R"({"url":1})", R"("x")"})
        CHECK(chat_error(said("user", R"({"type":"image_url","image_url":)" + std::string(none) + "}"))
                  .starts_with("messages[0].content[1].image_url.url: "));
    CHECK(chat_error(said("user", image + R"(,{"type":"file"})")).starts_with("messages[0].content[2].type: "));
    CHECK(chat_error(said("system", image)).starts_with("messages[0].content[1].type: "));
}

TEST_CASE("audio stays what the client sent, and only users send it") {
    const auto said = [](const std::string& role, const std::string& audio) {
        return R"({"messages":[{"role":")" + role + R"(","content":[{"text":"Hear","type":"text"},{"input_audio":)" + audio +
               R"(,"type":"input_audio"}]}]})";
    };
    const std::string sound = R"({"data":"UklGRg==","format":"wav"})";
    const auto parsed = parse_request(endpoint::chat, said("user", sound), {.max_tokens = 1000});
    REQUIRE(parsed.has_value());
    CHECK(std::get<std::vector<chat_message>>(parsed->inputs[0])[0].parts ==
          R"([{"text":"Hear","type":"text"},{"input_audio":)" + sound + R"(,"type":"input_audio"}])");
    CHECK(chat_error(said("user", R"({"data":"","format":"wav"})")).starts_with("messages[0].content[1].input_audio.data: "));
    CHECK(chat_error(said("user", R"({"data":"UklGRg=="})")).starts_with("messages[0].content[1].input_audio.format: "));
    CHECK(chat_error(said("system", sound)).starts_with("messages[0].content[1].type: "));
}

TEST_CASE("what would change the answer and cannot be done is refused by name") {
    CHECK(field_error(R"(,"top_logprobs":3)").starts_with("top_logprobs: "));
    CHECK(completion(R"("prompt":"a","suffix":"b")").base.suffix == "b");
    CHECK(completion_error(R"("prompt":[1],"suffix":"b")") == "suffix: 'suffix' needs a prompt in text, not in token ids.");
    CHECK(completion_error(R"("prompt":"a","suffix":"b","echo":true,"logprobs":1)").starts_with("echo: "));
    CHECK(field_error(R"(,"functions":[{"name":"f"}])") ==
          "functions: 'functions' is an older form of 'tools'; send that.");
    CHECK(field_error(R"(,"function_call":"auto")") ==
          "function_call: 'function_call' is an older form of 'tool_choice'; send that.");
    CHECK(chat_error(R"({"messages":[{"role":"assistant","content":null,"function_call":{"name":"f"}}]})") ==
          "messages[0].function_call: 'messages[0].function_call' is an older form of 'tool_calls'; send that.");
    CHECK(completion_error(R"("prompt":"a","best_of":2,"n":3)") ==
          "best_of: 'best_of' is 2 and 'n' is 3; the answers that are given are chosen among 'best_of', so it must be at least 'n'.");
    CHECK(completion_error(R"("prompt":"a","best_of":3,"stream":true)").starts_with("best_of: 'best_of' above 'n' cannot be streamed"));
    CHECK(completion_error(R"("prompt":["a","b","c"],"best_of":50)").starts_with("best_of: The request asks for 150 answers"));
    CHECK(completion_error(R"("prompt":[1],"echo":true,"stream":true)").starts_with("echo: "));
    CHECK(completion(R"("prompt":"a","best_of":2,"n":2)").n == 2);
    CHECK(completion(R"("prompt":"a","best_of":2,"n":2,"stream":true)").answers() == 2);
    CHECK_FALSE(completion(R"("prompt":"a","best_of":2,"n":2)").answer(0).compared);
    CHECK(chat(R"(,"tools":[{}],"tool_choice":"none")").n == 1);
}

TEST_CASE("tools reach the pipeline as the client wrote them, those that may be called") {
    const std::string tools = R"(,"tools":[
        {"type":"function","function":{"name":"b","description":"d","parameters":{"z":{},"a":1},"strict":true}},
        {"type":"function","function":{"name":"a"}}])";
    const auto one = R"({"type":"function","function":{"name":"b","description":"d","parameters":{"z":{},"a":1},"strict":true}})";
    const auto two = R"({"type":"function","function":{"name":"a"}})";
    const auto all = chat(tools).base.tools;
    CHECK(all.functions == "[" + std::string(one) + "," + two + "]");
    CHECK_FALSE(all.required);
    CHECK(all.parallel);
    CHECK(chat(tools + R"(,"tool_choice":"none")").base.tools.functions.empty());
    CHECK(chat(tools + R"(,"tool_choice":"required","parallel_tool_calls":false)").base.tools.required);
    CHECK_FALSE(chat(tools + R"(,"parallel_tool_calls":false)").base.tools.parallel);
    const auto named = chat(tools + R"(,"tool_choice":{"type":"function","function":{"name":"a"}})").base.tools;
    CHECK(named.functions == "[" + std::string(two) + "]");
    CHECK(named.required);
    CHECK(field_error(tools + R"(,"tool_choice":{"type":"function","function":{"name":"c"}})") ==
          "tool_choice: 'tool_choice' names no function of 'tools'.");
    CHECK(field_error(R"(,"tool_choice":"required")") ==
          "tool_choice: 'tool_choice' asks for a tool, and 'tools' offers none.");
    CHECK(field_error(tools + R"(,"tool_choice":"always")").starts_with("tool_choice: "));
    CHECK(field_error(R"(,"tools":[{}])").starts_with("tools[0].function: "));
    CHECK(field_error(R"(,"tools":[{"type":"code_interpreter"}])").starts_with("tools[0].type: "));
    CHECK(field_error(R"(,"tools":[{"function":{"name":"a b"}}])").starts_with("tools[0].function.name: "));
    CHECK(field_error(R"(,"tools":[{"function":{"name":"a","parameters":[]}}])")
              .starts_with("tools[0].function.parameters: "));
    const auto both = chat(tools + R"(,"response_format":{"type":"json_object"})").base; // a server may do both
    CHECK(both.tools.functions == all.functions);
    CHECK(both.sampling.grammar == R"({"json_schema":{"type":"object"}})");
    CHECK(completion_error(R"("prompt":"a","tools":[{}])").starts_with("tools: "));
}

TEST_CASE("calls and their results are messages") {
    const auto parsed = parse_request(endpoint::chat, R"({"messages":[{"role":"user","content":"x"},
        {"role":"assistant","content":null,"tool_calls":[
            {"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"b\": 1, \"a\": \"\\u003cs>\"}"}}]},
        {"role":"tool","tool_call_id":"call_1","content":"42"}]})",
                                      {});
    REQUIRE(parsed.has_value());
    const auto messages = std::get<std::vector<chat_message>>(parsed->inputs.at(0));
    REQUIRE(messages.at(1).calls.size() == 1);
    CHECK(messages[1].calls[0].id == "call_1");
    CHECK(messages[1].calls[0].name == "f");
    CHECK(messages[1].calls[0].arguments == R"({"b":1,"a":"<s>"})"); // what an escape hid is seen
    CHECK(messages.at(2).call_id == "call_1");
    const auto with = [](const std::string& arguments) {
        return chat_error(R"({"messages":[{"role":"assistant","tool_calls":[
            {"id":"i","function":{"name":"f","arguments":)" + arguments + "}}]}]}");
    };
    CHECK(with(R"("no")") == "messages[0].tool_calls[0].function.arguments: "
                             "'messages[0].tool_calls[0].function.arguments' must be a JSON object in a string.");
    CHECK(with(R"("[1]")").starts_with("messages[0].tool_calls[0].function.arguments: "));
}

TEST_CASE("the form of an answer is a grammar, its schema as the client wrote it") {
    CHECK(chat("").base.sampling.grammar.empty());
    CHECK(chat(R"(,"response_format":{"type":"text"})").base.sampling.grammar.empty());
    CHECK(chat(R"(,"response_format":{"type":"json_object"})").base.sampling.grammar ==
          R"({"json_schema":{"type":"object"}})");
    const auto schema = chat(R"(,"response_format":{"type":"json_schema","json_schema":
        {"name":"n","strict":true,"schema":{"z":1,"a":{"y":2,"b":3}}}})");
    CHECK(schema.base.sampling.grammar == R"({"json_schema":{"z":1,"a":{"y":2,"b":3}}})");
    CHECK(schema.form.field == "response_format");
    CHECK(chat(R"(,"json_schema":{"z":1,"a":2})").base.sampling.grammar == R"({"json_schema":{"z":1,"a":2}})");
    CHECK(chat(R"(,"grammar":"root ::= \"a\"")").base.sampling.grammar == R"({"gbnf":"root ::= \"a\""})");
    CHECK(completion(R"("prompt":"a","grammar":"root ::= [a]")").form.field == "grammar");
    CHECK(field_error(R"(,"response_format":{"type":"xml"})") ==
          "response_format.type: 'response_format.type' is 'xml'; it must be text, json_object or json_schema.");
    CHECK(field_error(R"(,"response_format":{})").starts_with("response_format.type: "));
    CHECK(field_error(R"(,"response_format":{"type":"json_schema","json_schema":{"name":"n"}})")
              .starts_with("response_format.json_schema.schema: "));
    CHECK(field_error(R"(,"response_format":{"type":"json_object"},"grammar":"root ::= [a]")") ==
          "grammar: 'response_format' and 'grammar' both say what the answer looks like; send one of them.");
}

TEST_CASE("log probabilities are asked for as each endpoint does") {
    CHECK_FALSE(chat("").base.top_logprobs.has_value());
    CHECK_FALSE(chat(R"(,"logprobs":false)").base.top_logprobs.has_value());
    CHECK(chat(R"(,"logprobs":true)").base.top_logprobs == 0);
    CHECK(chat(R"(,"logprobs":true,"top_logprobs":5)").base.top_logprobs == 5);
    CHECK(field_error(R"(,"logprobs":true,"top_logprobs":21)").starts_with("top_logprobs: "));
    CHECK(completion(R"("prompt":"a","logprobs":0)").base.top_logprobs == 0);
    CHECK_FALSE(completion(R"("prompt":"a","logprobs":2)").base.prompt_logprobs);
    CHECK(completion(R"("prompt":"a","logprobs":2,"echo":true)").base.prompt_logprobs);
    CHECK(completion(R"("prompt":[1],"echo":true)").base.prompt_logprobs);
    CHECK(completion_error(R"("prompt":"a","logprobs":true)").starts_with("logprobs: "));
}

TEST_CASE("prompts that are none, and too many answers") {
    CHECK(completion_error("") ==
          "prompt: 'prompt' is missing; it is a string, an array of strings, or token ids.");
    CHECK(completion_error(R"("prompt":[])").starts_with("prompt: 'prompt' is an empty array"));
    CHECK(
        completion_error(R"("prompt":[1,-2])") ==
        "prompt[1]: 'prompt[1]' must be a token id, an integer of at least 0, not the number -2.");
    CHECK(completion_error(R"("prompt":["a",1])").starts_with("prompt[1]: "));
    CHECK(completion_error(R"("prompt":["a","b"],"n":65)") ==
          "n: The request asks for 130 answers; at most 128 are given to one request.");
}

TEST_CASE("a body that is no JSON object") {
    CHECK(chat_error("") == ": The request has no body; send a JSON object.");
    CHECK(chat_error("[]") == ": The request body must be a JSON object, not an empty array.");
    CHECK(chat_error("\"\xff\"") == ": The request body is not valid UTF-8.");
    CHECK(chat_error(R"({"temperature": NaN})") ==
          "temperature: The request body is not valid JSON: it goes wrong at byte 17 of 20, in the "
          "value of "
          "'temperature'.");
    CHECK(chat_error(R"({"temperature":1e999})") ==
          "temperature: 'temperature' is 1e999, which is out of range.");
    CHECK(chat_error(R"({"messages":)" + std::string(100'000, '[')) ==
          ": The request body is nested deeper than 64 levels.");
    CHECK(chat_error(R"({"a":"\ud800"})").find("not valid JSON") != std::string::npos);
}

TEST_CASE("an object whose order counts has so many members, others as many as they like") {
    std::string biases = R"({"0":1)";
    for (int i = 1; i < 1025; ++i) biases += ",\"" + std::to_string(i) + "\":1";
    const auto body = [&](const char* more) { return R"({"messages":[{"role":"user","content":"x"}],"bias":)" + biases + "}" + more + "}"; };
    CHECK(parse_request(endpoint::chat, body(""), {.max_tokens = 1000}).has_value());
    for (const auto* more : {R"(,"response_format":{"type":"json_object"})", R"(,"tools":[{"type":"function","function":{"name":"f"}}])"})
        CHECK(chat_error(body(more)) == ": The request body has an object of more than 1024 members, which is too many beside tools or a "
                                        "form of the answer.");
}
