// Reads a model's answer back: its text, and the tools it calls.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llamacpp {

struct tool_call {
    std::string id, name, arguments; // the arguments are JSON
};

struct read_message {
    std::string content{};
    std::vector<tool_call> calls{};
};

// Tells what is new in an answer that grows. A subclass knows the form that the answer has.
class call_reader {
  public:
    virtual ~call_reader() = default;

    // As tw_chat_v1.read. Throws failure where a finished answer does not have its form.
    [[nodiscard]] std::string read(std::string_view text, bool ended, bool cut_off);

  protected:
    // What `all` says so far; it is the whole answer unless `partial`. None = it does not have the form.
    [[nodiscard]] virtual std::optional<read_message> parse(const std::string& all, bool partial) const = 0;

  private:
    std::string all_;
    read_message told_;
};

// {"name": …, "arguments": {…}}, as a grammar made it: for models whose template has no form of its own.
class json_call_reader final : public call_reader {
  protected:
    [[nodiscard]] std::optional<read_message> parse(const std::string& all, bool partial) const override;
};

} // namespace llamacpp
