// The templates that are built in, against tests/golden/chat_templates.json.
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "plugins/llamacpp/chat_template.hpp"

using llamacpp::chat_template;
using nlohmann::json;

namespace {

const tw::sdk::host no_host(nullptr);

std::vector<tw::sdk::message> messages_of(const json& list) {
    std::vector<tw::sdk::message> out;
    for (const auto& one : list) out.push_back({one.at("role").get<std::string>(), one.at("content").get<std::string>()});
    return out;
}

} // namespace

TEST_CASE("a conversation in each of the families' templates, chosen by name") {
    std::ifstream file(TW_SOURCE_DIR "/tests/golden/chat_templates.json");
    const auto golden = json::parse(file);
    for (const auto& [name, wanted] : golden.at("rendered").items()) {
        INFO(name);
        CHECK(llamacpp::is_builtin_template(name));
        const chat_template form(no_host, name);
        CHECK(json(form.render(messages_of(golden.at("conversation")))) == wanted.at("prompt"));
        CHECK(json(form.stops()) == wanted.at("stops"));
    }
    for (const char* family : {"chatml", "llama3", "mistral-v1", "mistral-v3", "mistral-v7", "gemma", "phi3", "phi4", "deepseek",
                               "deepseek2", "deepseek3", "command-r"})
        CHECK(golden.at("rendered").contains(family));
}

TEST_CASE("a long conversation is whole, and a developer speaks as the system does") {
    const chat_template form(no_host, "chatml");
    const std::string words(100'000, 'w');
    const auto prompt = form.render({{"developer", "Be brief."}, {"user", words}});
    CHECK(prompt == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n" + words + "<|im_end|>\n<|im_start|>assistant\n");
}

TEST_CASE("what a built-in template would take for something else is refused") {
    CHECK_FALSE(llamacpp::is_builtin_template("mistral"));
    CHECK_FALSE(llamacpp::is_builtin_template(""));
    CHECK_THROWS_AS(chat_template(no_host, "a form that nobody knows"), tw::sdk::failure);
    const chat_template form(no_host, "mistral-v7");
    CHECK_THROWS_AS(form.render({{"user", "x"}, {"tool", "y"}}), tw::sdk::failure);
    CHECK_THROWS_AS(form.render({{"user", std::string("a\0b", 3)}}), tw::sdk::failure);
}
