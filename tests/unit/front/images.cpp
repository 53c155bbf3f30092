// Images of every API end as the parts of OpenAI's chat, or are refused by their place.
#include <catch2/catch_test_macros.hpp>

#include "front/api_request.hpp"

using namespace tw;
using namespace tw::front;

namespace {

std::vector<chat_message> messages_of(endpoint kind, const std::string& body) {
    const auto parsed = parse_request(kind, body, {.max_tokens = 1000});
    INFO((parsed ? "" : parsed.error().message));
    REQUIRE(parsed.has_value());
    return std::get<std::vector<chat_message>>(parsed->inputs.at(0));
}

std::string refusal(endpoint kind, const std::string& body) {
    const auto parsed = parse_request(kind, body, {.max_tokens = 1000});
    REQUIRE(parsed.has_error());
    return parsed.error().param + ": " + parsed.error().message;
}

std::string shown(const std::string& url) { return R"({"image_url":{"url":")" + url + R"("},"type":"image_url"})"; }

constexpr auto words = R"({"text":"Look","type":"text"})";

std::string user(const std::string& content) { return R"({"messages":[{"role":"user","content":[)" + content + "]}]}"; }

} // namespace

TEST_CASE("Anthropic's images, in base64 or by their address") {
    const auto data = R"({"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/AA=="}})";
    const auto address = R"({"type":"image","source":{"type":"url","url":"https://example.org/a.png"}})";
    const auto said = messages_of(endpoint::messages,
                                  user(std::string(words) + "," + data + "," + address));
    REQUIRE(said.size() == 1);
    CHECK(said[0].content.empty());
    CHECK(said[0].parts == "[" + std::string(words) + "," + shown("data:image/jpeg;base64,/9j/AA==") + "," +
                               shown("https://example.org/a.png") + "]");
    const auto source = [](const char* what) {
        return refusal(endpoint::messages, user(R"({"type":"image","source":)" + std::string(what) + "}"));
    };
    CHECK(source(R"({"type":"file","file_id":"f"})").starts_with("messages[0].content[0].source.type: "));
    CHECK(source(R"({"type":"base64","media_type":"image/tiff","data":"AA=="})") ==
          "messages[0].content[0].source.media_type: 'messages[0].content[0].source.media_type' must be image/png, "
          "image/jpeg, image/gif or image/webp.");
    CHECK(source(R"({"type":"base64","media_type":"image/png"})").starts_with("messages[0].content[0].source.data: "));
    CHECK(source(R"({"type":"url"})").starts_with("messages[0].content[0].source.url: "));
    CHECK(source("7").starts_with("messages[0].content[0].source.type: "));
    CHECK(refusal(endpoint::messages, R"({"messages":[{"role":"assistant","content":[)" + std::string(data) + "]}]}")
              .find("Parts of type 'image' are not supported yet") != std::string::npos);
}

TEST_CASE("an image in a tool's result is shown by the user, behind all results") {
    const auto image = R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}})";
    const auto result = [](const char* id, const std::string& content) {
        return R"({"type":"tool_result","tool_use_id":")" + std::string(id) + R"(","content":[)" + content + "]}";
    };
    const auto with = R"({"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[
        {"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}]},
        {"role":"user","content":[)" + result("a", std::string(words) + "," + image) + "," + result("b", words);
    const auto said = messages_of(endpoint::messages, with + "]}]}");
    REQUIRE(said.size() == 5);
    CHECK(said[2].content == "Look");
    CHECK(said[2].parts.empty());
    CHECK(said[3].call_id == "b");
    CHECK(said[4].role == "user");
    CHECK(said[4].parts == "[" + shown("data:image/png;base64,iVBORw0KGgo=") + "]");
    const auto both = messages_of(endpoint::messages, with + "," + words + "]}]}");
    REQUIRE(both.size() == 5);
    CHECK(both[4].parts == "[" + shown("data:image/png;base64,iVBORw0KGgo=") + "," + words + "]");
}

TEST_CASE("the images of responses keep their detail") {
    const auto input = [](const std::string& part) {
        return R"({"input":[{"role":"user","content":[{"type":"input_text","text":"Look"},)" + part + "]}]}";
    };
    const auto said = messages_of(endpoint::responses,
                                  input(R"({"type":"input_image","image_url":"https://example.org/a.png","detail":"low"})"));
    CHECK(said.at(0).parts == "[" + std::string(words) +
                                  R"(,{"image_url":{"detail":"low","url":"https://example.org/a.png"},"type":"image_url"}])");
    CHECK(refusal(endpoint::responses, input(R"({"type":"input_image","file_id":"f"})"))
              .starts_with("input[0].content[1].file_id: "));
    CHECK(refusal(endpoint::responses, input(R"({"type":"input_image"})")).starts_with("input[0].content[1].image_url: "));
    CHECK(refusal(endpoint::responses, input(R"({"type":"input_audio"})")).starts_with("input[0].content[1].type: "));
}

TEST_CASE("Ollama's images are told by their first bytes") {
    const auto chat = [](const std::string& role, const std::string& images) {
        return R"({"messages":[{"role":")" + role + R"(","content":"Look","images":)" + images + "}]}";
    };
    const auto said = messages_of(endpoint::ollama_chat, chat("user", R"(["iVBORw0KGgo=","/9j/AA==","R0lGODlh","UklGRgAA"])"));
    CHECK(said.at(0).content.empty());
    CHECK(said.at(0).parts == "[" + std::string(words) + "," + shown("data:image/png;base64,iVBORw0KGgo=") + "," +
                                  shown("data:image/jpeg;base64,/9j/AA==") + "," + shown("data:image/gif;base64,R0lGODlh") + "," +
                                  shown("data:image/webp;base64,UklGRgAA") + "]");
    CHECK(messages_of(endpoint::ollama_chat, chat("user", "[]")).at(0).content == "Look");
    CHECK(refusal(endpoint::ollama_chat, chat("user", R"(["AAAA"])")) ==
          "messages[0].images[0]: 'messages[0].images[0]' must be a PNG, JPEG, GIF or WebP image in base64.");
    CHECK(refusal(endpoint::ollama_chat, chat("user", R"("/9j/")")).starts_with("messages[0].images: "));
    CHECK(refusal(endpoint::ollama_chat, chat("assistant", R"(["/9j/"])")).starts_with("messages[0].images: "));

    const auto generated = messages_of(endpoint::ollama_generate, R"({"prompt":"Look","system":"Be brief.","images":["/9j/"]})");
    REQUIRE(generated.size() == 2);
    CHECK(generated[1].parts == "[" + std::string(words) + "," + shown("data:image/jpeg;base64,/9j/") + "]");
    CHECK(messages_of(endpoint::ollama_generate, R"({"images":["/9j/"]})").at(0).parts ==
          "[" + shown("data:image/jpeg;base64,/9j/") + "]");
    CHECK(refusal(endpoint::ollama_generate, R"({"prompt":"x","raw":true,"images":["/9j/"]})").starts_with("images: "));
}
