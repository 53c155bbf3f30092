// A chat template behind its interface: messages to prompt.
#include "bridge/chat_template.hpp"

#include <nlohmann/json.hpp>

#include "bridge/call.hpp"
#include "plugin/vtable.hpp"

namespace tw {

chat_template::chat_template(const tw_chat_template_v1& api, std::string plugin_id,
                             std::unique_ptr<plugin_host> host)
    : api_(&api), plugin_id_(std::move(plugin_id)), host_(std::move(host)),
      self_(nullptr, api.destroy) {}

result<std::unique_ptr<chat_template>> chat_template::create(const tw_chat_template_v1& api,
                                                             std::string plugin_id,
                                                             std::unique_ptr<plugin_host> host,
                                                             const std::string& source) {
    if (const auto fault = vtable_fault(api)) return broke_contract(plugin_id, "it " + *fault);
    std::unique_ptr<chat_template> made(
        new chat_template(api, std::move(plugin_id), std::move(host)));
    tw_chat_template* raw = nullptr;
    const auto created = checked(made->plugin_id_, "create", [&](tw_error* problem) {
        return api.create(made->host_->abi(), abi(source), &raw, problem);
    });
    if (!created) return created.error();
    if (raw == nullptr)
        return broke_contract(made->plugin_id_, "create succeeded without a template");
    made->self_.reset(raw);
    if (const auto read = made->read_stops(); !read) return read.error();
    return made;
}

result<void> chat_template::read_stops() {
    collector out(max_written_bytes);
    const auto asked = checked(plugin_id_, "stops", [&](tw_error* problem) {
        return api_->stops(self_.get(), out.get(), problem);
    });
    if (!asked) return asked.error();
    const auto list = nlohmann::json::parse(out.take(), nullptr, false);
    const auto bad = [](const nlohmann::json& stop) {
        return !stop.is_string() || stop.get_ref<const std::string&>().empty();
    };
    if (!list.is_array() || std::any_of(list.begin(), list.end(), bad))
        return broke_contract(plugin_id_, "stops wrote something else than a JSON array of texts");
    stops_ = list.get<std::vector<std::string>>();
    return {};
}

result<std::string> chat_template::render(const std::string& messages_json) const {
    collector out(max_written_bytes);
    const auto rendered = checked(plugin_id_, "render", [&](tw_error* problem) {
        return api_->render(self_.get(), abi(messages_json), out.get(), problem);
    });
    if (!rendered) return rendered.error();
    if (!out.whole()) return broke_contract(plugin_id_, "render wrote more than 64 MiB");
    return out.take();
}

} // namespace tw
