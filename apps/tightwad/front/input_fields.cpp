// Messages with text or parts; prompts as text, token ids, or lists of either.
#include "front/input_fields.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "front/audio_fields.hpp"
#include "front/tool_fields.hpp"

namespace tw::front {
namespace {

using nlohmann::json;
using input = decltype(generation_request::input);

std::string quoted(const json& text) {
    return "'" + std::string(cut_utf8(text.get_ref<const std::string&>(), 40)) + "'";
}

std::string read_part(fields& in, const std::string& path, const json& part,
                      std::span<const std::string_view> text_types) {
    if (!part.is_object()) {
        in.wrong_type(path, "an object", part);
        return {};
    }
    const auto type = part.find("type");
    if (type == part.end() || !type->is_string()) {
        in.refuse(path + ".type",
                  "'" + path + ".type' must be a string, as in {\"type\": \"text\"}.");
        return {};
    }
    if (std::ranges::find(text_types, type->get_ref<const std::string&>()) == text_types.end()) {
        in.refuse(path + ".type",
                  "Parts of type " + quoted(*type) + " are not supported yet (" + path +
                      "); send text.",
                  tw::code::unsupported);
        return {};
    }
    const auto text = part.find("text");
    if (text == part.end() || !text->is_string()) {
        in.refuse(path + ".text", "'" + path + ".text' must be a string.");
        return {};
    }
    return text->get<std::string>();
}

constexpr std::array<std::string_view, 1> text_part{"text"};

std::string text_or_none(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

chat_message read_message(fields& in, const std::string& path, const json& message) {
    static constexpr std::array roles{"system", "developer", "user", "assistant", "tool"};
    if (!message.is_object()) {
        in.wrong_type(path, "an object", message);
        return {};
    }
    const auto role = message.find("role");
    if (role == message.end() || !role->is_string()) {
        in.refuse(path + ".role", "'" + path + ".role' must be a string.");
        return {};
    }
    if (std::ranges::find(roles, *role) == roles.end()) {
        in.refuse(path + ".role", "'" + path + ".role' is " + quoted(*role) +
                                      "; it must be system, developer, user, assistant or tool.");
        return {};
    }
    chat_message out{.role = role->get<std::string>(), .content = ""};
    const auto calls = message.find("tool_calls");
    if (*role == "assistant" && calls != message.end() && !calls->is_null())
        out.calls = read_calls(in, path + ".tool_calls", *calls);
    if (*role == "tool") {
        out.call_id = text_or_none(message, "tool_call_id");
        out.tool = text_or_none(message, message.contains("name") ? "name" : "tool_name"); // OpenAI's, Ollama's
    } else {
        out.speaker = text_or_none(message, "name");
    }
    if (const auto old = message.find("function_call"); old != message.end() && !old->is_null())
        in.refuse(path + ".function_call", "'" + path + ".function_call' is an older form of 'tool_calls'; send that.",
                  tw::code::unsupported);
    const auto content = message.find("content");
    if (content == message.end() || content->is_null()) {
        if (*role == "assistant") return out;
        in.refuse(path + ".content", "'" + path + ".content' is missing.");
        return {};
    }
    if (*role == "user") read_user_content(in, path + ".content", *content, text_part, image_form::openai, out);
    else out.content = read_content(in, path + ".content", *content, text_part);
    return out;
}

input read_prompt(fields& in, const std::string& path, const json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_array() && !value.empty()) return read_tokens(in, path, value);
    in.wrong_type(path, "a string or an array of token ids", value);
    return {};
}

} // namespace

std::string at(const std::string& name, std::size_t index) {
    return name + '[' + std::to_string(index) + ']';
}

token_ids read_tokens(fields& in, const std::string& path, const json& list) {
    token_ids out;
    out.reserve(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto& id = list[i];
        const bool good = id.is_number_unsigned() &&
                          id.get<std::uint64_t>() <= std::numeric_limits<std::int32_t>::max();
        if (!good) {
            in.refuse(at(path, i), "'" + at(path, i) +
                                       "' must be a token id, an integer of at least 0, not " +
                                       in_words(id) + ".");
            return {};
        }
        out.push_back(id.get<std::int32_t>());
    }
    return out;
}

std::string read_content(fields& in, const std::string& path, const json& content,
                         std::span<const std::string_view> text_types) {
    if (content.is_string()) return content.get<std::string>();
    if (!content.is_array()) {
        in.wrong_type(path, "a string or an array of parts", content);
        return {};
    }
    std::string out;
    for (std::size_t i = 0; i < content.size() && !in.failure(); ++i) {
        if (i > 0) out += '\n';
        out += read_part(in, at(path, i), content[i], text_types);
    }
    return out;
}

void read_user_content(fields& in, const std::string& path, const json& content,
                       std::span<const std::string_view> text_types, image_form form, chat_message& out) {
    const auto sounds = [form](const json& part) { return form == image_form::openai && is_audio(part); };
    const auto is_other = [&](const json& part) { return is_image(form, part) || sounds(part); };
    if (!content.is_array() || std::none_of(content.begin(), content.end(), is_other)) {
        out.content = read_content(in, path, content, text_types);
        return;
    }
    auto parts = json::array();
    for (std::size_t i = 0; i < content.size() && !in.failure(); ++i) {
        const auto& part = content[i];
        if (is_other(part)) {
            parts.push_back(sounds(part) ? read_audio(in, at(path, i), part) : read_image(in, at(path, i), part, form));
            continue;
        }
        auto text = read_part(in, at(path, i), part, text_types);
        parts.push_back(form == image_form::openai ? part : json{{"type", "text"}, {"text", std::move(text)}});
    }
    out.parts = parts.dump();
}

void put_bare_images(fields& in, const std::string& path, const json& images, chat_message& out) {
    if (!images.is_array()) {
        in.wrong_type(path, "an array of images in base64", images);
        return;
    }
    auto parts = out.parts.empty() ? json::array() : json::parse(out.parts);
    if (!out.content.empty()) parts.push_back({{"type", "text"}, {"text", std::exchange(out.content, {})}});
    for (std::size_t i = 0; i < images.size() && !in.failure(); ++i)
        parts.push_back(read_bare_image(in, at(path, i), images[i]));
    out.parts = parts.dump();
}

const json* find_list(fields& in, const char* key, const char* what) {
    const auto* list = in.find(key);
    const auto name = "'" + std::string(key) + "'";
    if (!list || (list->is_array() && list->empty()))
        in.refuse(key, name + " must hold at least one " + what + ".");
    else if (!list->is_array())
        in.wrong_type(key, "an array", *list);
    else if (list->size() > max_messages)
        in.refuse(key, name + " holds " + std::to_string(list->size()) + " " + what +
                           "s; at most 10000 are taken.");
    return in.failure() ? nullptr : list;
}

std::vector<chat_message> read_messages(fields& in) {
    const auto* messages = find_list(in, "messages", "message");
    if (!messages) return {};
    std::vector<chat_message> out;
    out.reserve(messages->size());
    for (std::size_t i = 0; i < messages->size() && !in.failure(); ++i)
        out.push_back(read_message(in, at("messages", i), (*messages)[i]));
    return out;
}

std::vector<input> read_prompts(fields& in, const char* key, std::size_t most) {
    const auto name = "'" + std::string(key) + "'";
    const auto* prompt = in.find(key);
    if (!prompt) {
        in.refuse(key, name + " is missing; it is a string, an array of strings, or token ids.");
        return {};
    }
    if (prompt->is_array() && prompt->empty()) {
        in.refuse(key, name + " is an empty array; it must hold at least one entry.");
        return {};
    }
    const bool several =
        prompt->is_array() && (prompt->front().is_string() || prompt->front().is_array());
    if (!several) {
        std::vector<input> one;
        one.push_back(read_prompt(in, key, *prompt));
        return one;
    }
    if (prompt->size() > most) {
        in.refuse(key, name + " holds " + std::to_string(prompt->size()) + " entries; at most " +
                           std::to_string(most) + " are taken in one request.");
        return {};
    }
    std::vector<input> out;
    for (std::size_t i = 0; i < prompt->size() && !in.failure(); ++i)
        out.push_back(read_prompt(in, at(key, i), (*prompt)[i]));
    return out;
}

} // namespace tw::front
