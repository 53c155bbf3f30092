// Requests to an Ollama.
#include "ollama.hpp"

#include <chrono>

namespace ollama {

using namespace tw::sdk;

server::server(host host, const config& config)
    : host_(host), how_{config.text("model"), config.text("keep_alive", ""), config.integer("context", 0, 0, 1 << 24)},
      site_(host, wire::root_of(config.text("url", "http://127.0.0.1:11434")), config,
            {.who = "The Ollama", .repeatable = true}) {
    look();
}

/// The server may come later, so one that is not there is worth a line and no more.
void server::look() const {
    std::vector<std::string> names;
    try {
        const auto version = wire::read_version(site_.look_at("/api/version"));
        names = wire::read_names(site_.look_at("/api/tags"));
        host_.info("event=server url=" + site_.root() + " ollama=\"" + version + "\" models=" + std::to_string(names.size()));
    } catch (const failure& e) {
        site_.not_ready(e);
        return;
    }
    if (wire::is_among(how_.model, names)) return;
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    throw failure{TW_NOT_FOUND, "The Ollama at " + site_.root() + " has no model \"" + how_.model + "\"" +
                                    (list.empty() ? std::string(" and no other") : "; it has " + list) +
                                    ". Fetch it there with `ollama pull " + how_.model + "`."};
}

http_request server::ask(const chat_request& asked) const {
    return site_.post(wire::path_of(asked), wire::body_of(asked, how_));
}

std::optional<token_request<token_stream>> server::go_on(std::span<const std::int32_t> prompt, std::uint32_t most) const {
    std::shared_ptr<const vocabulary> words;
    {
        const std::lock_guard lock(words_mutex_);
        words = words_;
    }
    if (!words) throw failure{TW_UNAVAILABLE, "The vocabulary of the Ollama's model is not known yet."};
    const auto text = words->text_of(prompt);
    if (!text) return {};
    return token_request<token_stream>{site_.post("/api/generate", wire::body_of(*text, most, how_)), token_stream(words)};
}

http_request server::question(std::string_view what, const json::value& asked) const {
    if (what == "health") return site_.glance("/api/version");
    if (what == "about") return site_.quick(site_.post("/api/show", wire::show_body_of(how_)));
    if (what == "vocabulary") {
        auto out = site_.quick(site_.post("/api/show", wire::show_body_of(how_, true)));
        out.first_byte_timeout = std::chrono::seconds{20}; // it reads the file's header anew
        out.max_body_bytes = json::max_bytes;
        return out;
    }
    if (what != "embeddings")
        throw failure{TW_UNSUPPORTED, "Ollama makes embeddings and answers; it cannot be asked for " + std::string(what) + "."};
    return site_.post("/api/embed", wire::embed_body_of(asked, how_));
}

std::string server::reply(std::string_view what, std::string body) const {
    if (what == "about") return wire::facts_of(body);
    if (what == "vocabulary") return learn(body);
    return what == "embeddings" ? wire::embeddings_of(body) : body;
}

std::string server::learn(std::string_view shown) const {
    const auto words = std::make_shared<const vocabulary>(shown);
    const std::lock_guard lock(words_mutex_);
    words_ = words;
    return wire::vocabulary_of(*words, how_);
}

http_request server::pass(const pass_request& asked) const {
    if (!asked.target.starts_with("/v1/")) throw failure{TW_UNSUPPORTED, "An Ollama is passed on what is below /v1/ only."};
    return site_.pass(asked, std::string(asked.target), how_.model);
}

failure server::refusal(const http_head& head, const std::string& body) const { return site_.refusal(head, body); }

} // namespace ollama
