// proxy: where the endpoint listens, and the servers behind it.
#include <algorithm>

#include "base/web_url.hpp"
#include "migrate/sections.hpp"

namespace tw::migrate {
namespace {

using enum difference_kind;
using toml_tree::value;

constexpr std::int64_t largest_body = std::int64_t{1} << 32U;

// A user name and a password before the host, which belong into no file.
std::string without_user(const std::string& url) {
    const auto scheme = url.find("://");
    if (scheme == std::string::npos) return url;
    const auto begin = scheme + 3;
    const auto end = std::min(url.find_first_of("/?#", begin), url.size());
    const auto at = url.rfind('@', end);
    return at == std::string::npos || at < begin ? url : url.substr(0, begin) + url.substr(at + 1);
}

// None and a mistake where there is no address to reach.
std::optional<upstream> read_upstream(const value& map, const std::string& key, differences& out,
                                      std::vector<diagnostic>& mistakes) {
    section from(map, key, out);
    upstream made{map.at, key, {}, {}, {}};
    const auto url = from.text("url").value_or("");
    made.url = without_user(url);
    if (made.url != url)
        out.add(made_safe, from.at("url"), from.named("url"),
                "It holds a user name or a password, which are left out. Where the server takes a key, write api_key = "
                "{ env = \"NAME\" }.");
    made.model = from.text("model_name").value_or("");
    const auto backend = from.text("backend").value_or("llamacpp");
    made.ollama = backend == "ollama";
    if (!made.ollama && backend != "llamacpp")
        out.add(not_usable, from.at("backend"), from.named("backend"),
                "It is neither \"ollama\" nor \"llamacpp\"; taken as \"llamacpp\", as it was.");
    from.finish();
    const auto parsed = net::parse_web_url(made.url);
    if (!parsed) {
        mistakes.push_back({from.at("url"), from.named("url") + " must be the address of a server, http://HOST:PORT or "
                                                                "https://HOST."});
        return std::nullopt;
    }
    made.origin = parsed->origin();
    made.url =
        (parsed->tls ? "https://" : "http://") + parsed->authority() + (parsed->target == "/" ? "" : parsed->target);
    return made;
}

void read_drafts(section& from, proxy_section& proxy, differences& out, std::vector<diagnostic>& mistakes) {
    const auto drafters = from.maps("drafters");
    for (const auto& [index, map] : drafters)
        if (auto one = read_upstream(*map, from.named("drafters") + "[" + std::to_string(index) + "]", out, mistakes))
            proxy.drafts.push_back(std::move(*one));
    if (const auto* draft = from.map("draft"))
        if (auto one = read_upstream(*draft, from.named("draft"), out, mistakes)) {
            if (drafters.empty())
                proxy.drafts.push_back(std::move(*one));
            else
                out.add(no_counterpart, from.at("draft"), from.named("draft"),
                        "Beside \"drafters\" it only lent its name; left out.");
        }
    if (const auto* fallback = from.map("draft_fallback"))
        if (auto one = read_upstream(*fallback, from.named("draft_fallback"), out, mistakes)) {
            one->fallback = true;
            proxy.drafts.push_back(std::move(*one));
        }
}

void read_lengths(section& from, proxy_section& proxy, differences& out) {
    const auto key = from.named("max_draft_tokens");
    const auto* found = from.take("max_draft_tokens");
    if (found == nullptr)
        return out.add(other_default, from.at(), key,
                       "It was 8 when not said, and is \"auto\" here: how long drafts are is measured round by round.");
    if (found->value.text == "auto") return;
    proxy.max_draft_tokens = from.integer("max_draft_tokens", 1, 256);
    if (proxy.max_draft_tokens)
        out.add(other_meaning, found->at, key,
                "It was the length of every draft, and is the longest here: shorter ones are drafted where that pays.");
}

void drop_what_has_gone(section& from) {
    from.drop("consensus_mode", no_counterpart,
              "It takes a target that one process loads: give its backend no pool, and write consensus_mode into its pipeline, which "
              "is then approximate.", "off");
    from.drop("chat_template", no_counterpart,
              "The server or the model file brings its own chat template; where a model's has none, chat_template of its "
              "backend names one.", "auto");
}

} // namespace

proxy_section read_proxy(const value& map, differences& out, std::vector<diagnostic>& mistakes) {
    section from(map, "proxy", out);
    proxy_section proxy;
    proxy.at = map.at;
    proxy.host = read_host(from, out).value_or(proxy.host);
    if (const auto port = from.integer("port", 1, 65535)) proxy.port = static_cast<std::uint16_t>(*port);
    proxy.token = read_token(from);
    proxy.max_tokens_limit = from.integer("max_tokens_limit", 1, 1 << 30);
    proxy.max_body_bytes = from.integer("max_body_size", 1, largest_body);
    proxy.private_upstreams = from.boolean("allow_private_upstream");
    read_lengths(from, proxy, out);
    proxy.fallback = from.boolean("fallback_on_draft_failure");
    if (proxy.fallback == false)
        out.add(
            other_meaning, from.at("fallback_on_draft_failure"), from.named("fallback_on_draft_failure"),
            "A draft that goes away never ends an answer here; fallback = false only keeps an endpoint from starting "
            "whose draft cannot be used.");
    if (const auto* target = from.map("target")) {
        if (auto one = read_upstream(*target, from.named("target"), out, mistakes)) proxy.target = std::move(*one);
        if (proxy.target.model.empty())
            mistakes.push_back({target->at, "proxy.target needs a \"model_name\", the name that clients ask for."});
    } else
        mistakes.push_back({map.at, "proxy needs a \"target\" with \"url\" and \"model_name\"."});
    read_drafts(from, proxy, out, mistakes);
    drop_what_has_gone(from);
    from.finish();
    return proxy;
}

} // namespace tw::migrate
