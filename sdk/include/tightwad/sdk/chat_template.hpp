// Base class of a chat template: derive from it, write these functions, name it in TIGHTWAD_PLUGIN.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tightwad/abi/ext/chat_template.h>
#include <tightwad/sdk/host.hpp>
#include <tightwad/sdk/json.hpp>
#include <tightwad/sdk/plugin.hpp>

namespace tw::sdk {

struct message {
    std::string role, content;
};

// A template is a class with
//   Template(host, std::string_view source);   throws TW_UNSUPPORTED when it does not know the
//   source std::string render(const std::vector<message>&) const;   any thread
//   std::vector<std::string> stops() const;                  any thread
// Any of them may throw failure; abi/ext/chat_template.h says what each must do.
class chat_template {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        return interface_id == TW_CHAT_TEMPLATE_V1 ? &interface_table<Self> : nullptr;
    }

    [[nodiscard]] static std::vector<message> messages(std::string_view json_text) {
        std::vector<message> out;
        for (const auto& item : json::value::parse(json_text).elements()) {
            message next;
            for (const auto& [key, member] : item.members()) {
                if (key == "role") next.role = member.as_string();
                if (key == "content" && member.kind() != json::kind::null)
                    next.content = member.as_string();
            }
            out.push_back(std::move(next));
        }
        return out;
    }

  private:
    template <class Self> static const Self& of(tw_chat_template* self) {
        return *reinterpret_cast<const Self*>(self);
    }

    template <class Self>
    static tw_code create_fn(const tw_host* raw, tw_str source, tw_chat_template** out,
                             tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            *out = reinterpret_cast<tw_chat_template*>(
                std::make_unique<Self>(host{raw}, view(source)).release());
        });
    }
    template <class Self> static void destroy_fn(tw_chat_template* self) noexcept {
        delete reinterpret_cast<Self*>(self);
    }
    template <class Self>
    static tw_code render_fn(tw_chat_template* self, tw_str json_text, const tw_writer* prompt,
                             tw_error* error) noexcept {
        return detail::guarded(
            error, [&] { write(prompt, of<Self>(self).render(messages(view(json_text)))); });
    }
    template <class Self>
    static tw_code stops_fn(tw_chat_template* self, const tw_writer* out,
                            tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            std::string list = "[";
            for (const std::string& stop : of<Self>(self).stops())
                list.append(list.size() > 1 ? "," : "").append(json::quote(stop));
            write(out, list.append("]"));
        });
    }

    template <class Self>
    static constexpr tw_chat_template_v1 interface_table{.size = sizeof(tw_chat_template_v1),
                                                         .create = &create_fn<Self>,
                                                         .destroy = &destroy_fn<Self>,
                                                         .render = &render_fn<Self>,
                                                         .stops = &stops_fn<Self>};
};

} // namespace tw::sdk
