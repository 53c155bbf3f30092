// Base class of an engine's way to chat: derive from it, write these functions, name it in
// TIGHTWAD_PLUGIN beside the engine.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tightwad/abi/ext/chat.h>
#include <tightwad/sdk/error.hpp>

namespace tw::sdk {

// A chat is a class with
//   using engine = …;    the engine class of the same plugin
//   using answer = …;    what reads one answer:
//                          std::string read(std::string_view text, bool ended, bool cut_off);
//   explicit Chat(const engine&);
//   std::string begin(std::string_view request_json, std::unique_ptr<answer>* reader) const;
// begin returns the form, read the news, both as JSON; `reader` is null when only the prompt is
// wanted. All of them may throw failure; abi/ext/chat.h says what each must do.
class chat {
  public:
    template <class Self> static const void* query(std::string_view interface_id) noexcept {
        return interface_id == TW_CHAT_V1 ? &interface_table<Self> : nullptr;
    }

  private:
    template <class Self>
    static tw_code create_fn(tw_engine* raw, tw_chat** out, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            const auto& engine = *reinterpret_cast<const typename Self::engine*>(raw);
            *out = reinterpret_cast<tw_chat*>(std::make_unique<Self>(engine).release());
        });
    }
    template <class Self> static void destroy_fn(tw_chat* self) noexcept {
        delete reinterpret_cast<Self*>(self);
    }
    template <class Self>
    static tw_code begin_fn(tw_chat* self, tw_str request, const tw_writer* form,
                            tw_chat_answer** out, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            std::unique_ptr<typename Self::answer> reader;
            const auto& chat = *reinterpret_cast<const Self*>(self);
            write(form, chat.begin(view(request), out == nullptr ? nullptr : &reader));
            if (out != nullptr) *out = reinterpret_cast<tw_chat_answer*>(reader.release());
        });
    }
    template <class Self>
    static tw_code read_fn(tw_chat_answer* self, tw_str text, std::int32_t state,
                           const tw_writer* news, tw_error* error) noexcept {
        return detail::guarded(error, [&] {
            auto& answer = *reinterpret_cast<typename Self::answer*>(self);
            write(news, answer.read(view(text), state != TW_CHAT_GOES_ON, state == TW_CHAT_CUT_OFF));
        });
    }
    template <class Self> static void destroy_answer_fn(tw_chat_answer* self) noexcept {
        delete reinterpret_cast<typename Self::answer*>(self);
    }

    template <class Self>
    static constexpr tw_chat_v1 interface_table{.size = sizeof(tw_chat_v1),
                                                .create = &create_fn<Self>,
                                                .destroy = &destroy_fn<Self>,
                                                .begin = &begin_fn<Self>,
                                                .read = &read_fn<Self>,
                                                .destroy_answer = &destroy_answer_fn<Self>};
};

} // namespace tw::sdk
