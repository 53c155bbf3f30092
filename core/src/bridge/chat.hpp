// A model's way to chat behind its interface: prompts, and answers read back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tightwad/abi/ext/chat.h>

#include "base/error.hpp"

namespace tw {

// What became certain of an answer.
struct chat_news {
    std::optional<std::size_t> call{}; // none = a piece of the text
    std::string text{};                // the piece, or one of the call's arguments
    std::string id{}, name{};          // with the first piece of a call; the id may be empty
};

// Reads one answer. From one thread at a time; needs no engine.
class chat_answer {
  public:
    enum class state { goes_on = TW_CHAT_GOES_ON, ended = TW_CHAT_ENDED, cut_off = TW_CHAT_CUT_OFF };

    chat_answer(const tw_chat_v1& api, std::string plugin_id, tw_chat_answer* self)
        : api_(&api), plugin_id_(std::move(plugin_id)), self_(self, api.destroy_answer) {}

    [[nodiscard]] result<std::vector<chat_news>> read(std::string_view text, state how);

  private:
    const tw_chat_v1* api_;
    std::string plugin_id_;
    std::unique_ptr<tw_chat_answer, void (*)(tw_chat_answer*)> self_;
    std::size_t calls_ = 0; // begun
};

struct chat_form {
    std::string prompt;
    std::vector<std::string> stops, shown; // texts; of control tokens
    std::string grammar;                   // a spec; empty = none
    std::unique_ptr<chat_answer> reader;   // null when it was not wanted
};

// Const functions from any thread. The engine outlives it.
class chat {
  public:
    [[nodiscard]] static result<std::unique_ptr<chat>> create(const tw_chat_v1& api, std::string plugin_id,
                                                              tw_engine* engine);

    // `request_json` as abi/ext/chat.h has it.
    [[nodiscard]] result<chat_form> begin(const std::string& request_json, bool with_reader) const;

  private:
    chat(const tw_chat_v1& api, std::string plugin_id)
        : api_(&api), plugin_id_(std::move(plugin_id)), self_(nullptr, api.destroy) {}

    const tw_chat_v1* api_;
    std::string plugin_id_;
    std::unique_ptr<tw_chat, void (*)(tw_chat*)> self_;
};

} // namespace tw
