// One pass over the messages; they are long, and control tokens are few.
#include "pipeline/control_text.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tw {
namespace {

using nlohmann::ordered_json;

// Every text in it, names of members included.
template <class Visit> void for_each_text(const ordered_json& value, const Visit& visit) {
    if (value.is_string()) visit(value.get_ref<const std::string&>());
    if (value.is_array())
        for (const auto& each : value) for_each_text(each, visit);
    if (!value.is_object()) return;
    for (const auto& [name, member] : value.items()) {
        visit(name);
        for_each_text(member, visit);
    }
}

template <class Change> ordered_json rewritten(const ordered_json& value, const Change& change) {
    if (value.is_string()) return change(value.get<std::string>());
    if (!value.is_structured()) return value;
    auto out = value.is_array() ? ordered_json::array() : ordered_json::object();
    if (value.is_array())
        for (const auto& each : value) out.push_back(rewritten(each, change));
    else
        for (const auto& [name, member] : value.items()) out[change(name)] = rewritten(member, change);
    return out;
}

} // namespace

// A text of one character cannot be cut; no model's control token is one.
control_text::control_text(const std::vector<engine::token_info>& vocabulary) {
    for (const auto& token : vocabulary)
        if ((token.flags & TW_TOKEN_CONTROL) != 0 && token.text.size() > 1) texts_.push_back(token.text);
    for (const auto& text : texts_) begins_[static_cast<unsigned char>(text.front())] = true;
}

// Behind the first character of every control token's text, in order.
std::vector<std::size_t> control_text::places(std::string_view text) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!begins_[static_cast<unsigned char>(text[i])]) continue;
        const auto rest = text.substr(i);
        if (std::none_of(texts_.begin(), texts_.end(), [&](const auto& each) { return rest.starts_with(each); })) continue;
        auto cut = i + 1;
        while (cut < text.size() && continues_code_point(text[cut])) ++cut;
        out.push_back(cut);
    }
    return out;
}

std::optional<control_text::marked> control_text::mark(const nlohmann::ordered_json& request) const {
    bool any = false;
    for_each_text(request, [&](const std::string& text) { any = any || !places(text).empty(); });
    if (!any) return {};
    const auto written = [&](const std::string& what) {
        bool found = false;
        for_each_text(request, [&](const std::string& text) { found = found || text.find(what) != std::string::npos; });
        return found;
    };
    std::string mark = "\xEE\x80\x80"; // private use, as long as it takes to be nobody's
    while (written(mark)) mark += "\xEE\x80\x81";
    const auto with_marks = [&](std::string text) {
        const auto found = places(text);
        for (auto place = found.rbegin(); place != found.rend(); ++place) text.insert(*place, mark);
        return text;
    };
    return marked{rewritten(request, with_marks), mark};
}

} // namespace tw
