// Chats to prompts: by the model's own form where its plugin has one, else by a template that is known.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bridge/chat.hpp"
#include "bridge/chat_template.hpp"
#include "pipeline/control_text.hpp"
#include "scheduler/generation.hpp"

namespace tw {

// Const functions from any thread.
class chat_prompts {
  public:
    // Both may be null: then `none` says why nobody can chat.
    chat_prompts(std::unique_ptr<chat> own, std::unique_ptr<chat_template> known, std::string none,
                 const std::vector<engine::token_info>& vocabulary);

    struct prepared {
        std::string prompt;
        std::string mark;                    // cut the prompt at it and tokenize the parts one by one; empty = do not
        std::vector<std::string> stops, shown; // texts that end the answer; of control tokens that belong to it
        std::string grammar;                 // that the tools ask for; empty = none
        std::unique_ptr<chat_answer> reader; // with tools
    };
    // `said` as generation_request has it: arguments of the template may be in it, for the model's own form.
    [[nodiscard]] result<prepared> prepare(const std::vector<chat_message>& messages, const tool_use& tools,
                                           const std::string& said = {}) const;

    // Whether the model was made to: it may choose to call, or not.
    [[nodiscard]] bool calls_tools() const;

  private:
    [[nodiscard]] result<prepared> by_template(const std::vector<chat_message>& messages, const tool_use& tools) const;

    std::unique_ptr<chat> own_;
    std::unique_ptr<chat_template> known_;
    std::string none_;
    control_text control_text_;
};

} // namespace tw
