// Calls across the border, and their JSON with everything in it checked.
#include "bridge/chat.hpp"

#include <nlohmann/json.hpp>

#include "bridge/call.hpp"

namespace tw {
namespace {

using json = nlohmann::ordered_json; // a schema's members have an order

constexpr std::size_t most_calls = 128;

std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// False when it is there and is something else.
bool read_texts(const json& object, const char* key, std::vector<std::string>& out) {
    const auto found = object.find(key);
    if (found == object.end()) return true;
    if (!found->is_array()) return false;
    for (const auto& text : *found) {
        if (!text.is_string()) return false;
        if (text != "") out.push_back(text.get<std::string>());
    }
    return true;
}

} // namespace

result<std::vector<chat_news>> chat_answer::read(std::string_view text, state how) {
    collector out(max_written_bytes);
    const auto done = checked(plugin_id_, "read", [&](tw_error* problem) {
        return api_->read(self_.get(), abi(text), static_cast<std::int32_t>(how), out.get(), problem);
    });
    if (!done) return done.error();
    const auto written = out.take();
    const auto list = json::parse(written, nullptr, false);
    if (!list.is_array()) return broke_contract(plugin_id_, "read wrote something else than a JSON array");
    std::vector<chat_news> news;
    for (const auto& entry : list) {
        if (!entry.is_object()) return broke_contract(plugin_id_, "read wrote an entry that is no object");
        chat_news one;
        const auto call = entry.find("call");
        if (call == entry.end()) {
            one.text = text_of(entry, "content");
            if (!one.text.empty()) news.push_back(std::move(one));
            continue;
        }
        const auto index = call->is_number_unsigned() ? call->get<std::size_t>() : most_calls;
        one.name = text_of(entry, "name");
        if (index > calls_ || index >= most_calls || (index == calls_) != !one.name.empty())
            return broke_contract(plugin_id_, "read wrote the calls of an answer out of their order");
        if (index == calls_) ++calls_;
        one.call = index;
        one.id = text_of(entry, "id");
        one.text = text_of(entry, "arguments");
        news.push_back(std::move(one));
    }
    return news;
}

result<std::unique_ptr<chat>> chat::create(const tw_chat_v1& api, std::string plugin_id, tw_engine* engine) {
    std::unique_ptr<chat> made(new chat(api, std::move(plugin_id)));
    tw_chat* raw = nullptr;
    const auto created = checked(made->plugin_id_, "create",
                                 [&](tw_error* problem) { return api.create(engine, &raw, problem); });
    if (!created) return created.error();
    if (raw == nullptr) return broke_contract(made->plugin_id_, "create succeeded without a chat");
    made->self_.reset(raw);
    return made;
}

result<chat_form> chat::begin(const std::string& request_json, bool with_reader) const {
    collector out(max_written_bytes);
    tw_chat_answer* raw = nullptr;
    const auto begun = checked(plugin_id_, "begin", [&](tw_error* problem) {
        return api_->begin(self_.get(), abi(request_json), out.get(), with_reader ? &raw : nullptr, problem);
    });
    if (!begun) return begun.error();
    chat_form form;
    if (raw != nullptr) form.reader = std::make_unique<chat_answer>(*api_, plugin_id_, raw);
    if (with_reader && raw == nullptr) return broke_contract(plugin_id_, "begin succeeded without an answer's reader");
    if (!out.whole()) return broke_contract(plugin_id_, "begin wrote more than 64 MiB");
    const auto written = json::parse(out.take(), nullptr, false);
    if (!written.is_object() || !written.value("prompt", json()).is_string() ||
        !read_texts(written, "stops", form.stops) || !read_texts(written, "shown", form.shown))
        return broke_contract(plugin_id_, "begin wrote something else than a prompt and its form");
    form.prompt = text_of(written, "prompt");
    if (const auto grammar = written.find("grammar"); grammar != written.end()) form.grammar = grammar->dump();
    return form;
}

} // namespace tw
