// A chat template behind its interface: messages to prompt.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <tightwad/abi/ext/chat_template.h>

#include "bridge/interfaces.hpp"
#include "service/plugin_host.hpp"

namespace tw {

// Any thread.
class chat_template {
  public:
    // `source` is a template's text or a name the plugin knows; code::unsupported when it is
    // neither.
    [[nodiscard]] static result<std::unique_ptr<chat_template>>
    create(const tw_chat_template_v1& api, std::string plugin_id, std::unique_ptr<plugin_host> host,
           const std::string& source);

    // The prompt of [{"role": …, "content": …}, …], up to where the answer begins.
    [[nodiscard]] result<std::string> render(const std::string& messages_json) const;

    // Texts that end an answer, besides the end-of-generation tokens. None is empty.
    [[nodiscard]] const std::vector<std::string>& stops() const { return stops_; }

  private:
    chat_template(const tw_chat_template_v1& api, std::string plugin_id,
                  std::unique_ptr<plugin_host> host);
    [[nodiscard]] result<void> read_stops();

    const tw_chat_template_v1* api_;
    std::string plugin_id_;
    std::unique_ptr<plugin_host> host_; // outlives the instance
    std::unique_ptr<tw_chat_template, void (*)(tw_chat_template*)> self_;
    std::vector<std::string> stops_;
};

} // namespace tw
