// URLs are taken as they are; data becomes a data: URL.
#include "front/image_fields.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace tw::front {
namespace {

using nlohmann::json;

struct image_type {
    std::string_view name, begins; // in base64
};
constexpr std::array<image_type, 4> types{{{"image/png", "iVBORw0KGgo"},
                                           {"image/jpeg", "/9j/"},
                                           {"image/gif", "R0lGOD"},
                                           {"image/webp", "UklGR"}}};

const std::string& text_of(const json& value) {
    static const std::string none;
    const auto* text = value.get_ptr<const std::string*>();
    return text == nullptr ? none : *text;
}

json from_url(std::string url) { return {{"type", "image_url"}, {"image_url", {{"url", std::move(url)}}}}; }

json from_data(std::string_view type, const std::string& data) {
    return from_url("data:" + std::string(type) + ";base64," + data);
}

json refused_url(fields& in, const std::string& path) {
    in.refuse(path, "'" + path + "' must be a string, such as \"data:image/png;base64,…\".");
    return {};
}

json read_input_image(fields& in, const std::string& path, const json& part) {
    if (!text_of(json_member(part, "file_id")).empty()) {
        in.refuse(path + ".file_id", "Stored files are not supported yet; send 'image_url' in place of '" + path + ".file_id'.",
                  tw::code::unsupported);
        return {};
    }
    const auto& url = text_of(json_member(part, "image_url"));
    if (url.empty()) return refused_url(in, path + ".image_url");
    auto out = from_url(url);
    if (const auto& detail = json_member(part, "detail"); detail.is_string()) out["image_url"]["detail"] = detail;
    return out;
}

json read_source(fields& in, const std::string& path, const json& source) {
    const auto& kind = json_member(source, "type");
    if (kind == "url") {
        const auto& url = text_of(json_member(source, "url"));
        return url.empty() ? refused_url(in, path + ".url") : from_url(url);
    }
    if (kind != "base64") {
        in.refuse(path + ".type", "'" + path + ".type' must be base64 or url; other sources are not supported yet.",
                  tw::code::unsupported);
        return {};
    }
    const auto &type = text_of(json_member(source, "media_type")), &data = text_of(json_member(source, "data"));
    if (std::ranges::find(types, type, &image_type::name) == types.end())
        in.refuse(path + ".media_type", "'" + path + ".media_type' must be image/png, image/jpeg, image/gif or image/webp.");
    else if (data.empty())
        in.refuse(path + ".data", "'" + path + ".data' must be a string, the image in base64.");
    else
        return from_data(type, data);
    return {};
}

} // namespace

bool is_image(image_form form, const json& part) {
    static constexpr std::array names{"image_url", "input_image", "image"};
    return json_member(part, "type") == names[static_cast<std::size_t>(form)];
}

json read_image(fields& in, const std::string& path, const json& part, image_form form) {
    switch (form) {
    case image_form::responses:
        return read_input_image(in, path, part);
    case image_form::anthropic:
        return read_source(in, path + ".source", json_member(part, "source"));
    case image_form::openai:
        break;
    }
    return text_of(json_member(json_member(part, "image_url"), "url")).empty() ? refused_url(in, path + ".image_url.url") : part;
}

json read_bare_image(fields& in, const std::string& path, const json& data) {
    const auto& written = text_of(data);
    const auto type = std::ranges::find_if(types, [&](const auto& one) { return written.starts_with(one.begins); });
    if (type != types.end()) return from_data(type->name, written);
    in.refuse(path, "'" + path + "' must be a PNG, JPEG, GIF or WebP image in base64.");
    return {};
}

} // namespace tw::front
