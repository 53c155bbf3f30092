// One pass over the messages; they are long, and control tokens are few.
#include "pipeline/control_text.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tw {

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

std::optional<control_text::marked> control_text::mark(const std::vector<chat_message>& messages) const {
    std::vector<std::vector<std::size_t>> found;
    bool any = false;
    for (const auto& message : messages) any = !found.emplace_back(places(message.content)).empty() || any;
    if (!any) return {};
    const auto written = [&](const std::string& text) {
        return std::any_of(messages.begin(), messages.end(),
                           [&](const auto& message) { return message.content.find(text) != std::string::npos; });
    };
    marked out{messages, "\xEE\x80\x80"}; // private use, as long as it takes to be nobody's
    while (written(out.mark)) out.mark += "\xEE\x80\x81";
    for (std::size_t i = 0; i < messages.size(); ++i)
        for (auto place = found[i].rbegin(); place != found[i].rend(); ++place)
            out.messages[i].content.insert(*place, out.mark);
    return out;
}

} // namespace tw
