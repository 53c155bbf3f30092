// The smallest backend: answers with the last message it was sent, one word at a time.
#include <tightwad/sdk/backend.hpp>

struct echo : tw::sdk::backend {
    echo(tw::sdk::host, const tw::sdk::config&) {}

    void chat(const tw::sdk::chat_request& request, tw::sdk::answer& answer) {
        const std::string text = request.last_text();
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find(' ', begin), text.size() - 1) + 1;
            answer.emit(std::string_view(text).substr(begin, end - begin));
            begin = end;
        }
    }
};

TIGHTWAD_PLUGIN("echo", "0.1.0", "Answers with the last message it was sent.", echo);
