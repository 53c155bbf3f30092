// From sections to tables. What the two programs mean by the same words differs; each such place is named here.
#include "migrate/import.hpp"

#include <algorithm>
#include <set>

#include "base/web_url.hpp"
#include "config/toml_text.hpp"
#include "migrate/cluster.hpp"
#include "migrate/yaml.hpp"

namespace tw::migrate {
namespace {

using enum difference_kind;

constexpr const char* pool_name = "cluster";
constexpr const char* no_fingerprint = "0000000000000000000000000000000000000000000000000000000000000000";

std::string address(const std::string& host, std::uint16_t port) {
    return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(port);
}

class writer {
  public:
    writer(const cluster& from, differences& out) : from_(from), out_(out) {}

    std::string write() {
        text_ =
            "# Imported from a cluster.yaml by `tightwad config import`, which named every difference.\nschema = 1\n";
        write_server();
        write_peer();
        write_proxy_target();
        write_models();
        write_drafts();
        write_pool();
        write_pipelines();
        return std::move(text_);
    }

  private:
    void table(const std::string& name) { text_ += "\n[" + name + "]\n"; }
    void line(const std::string& key, const std::string& value) { text_ += key + " = " + value + '\n'; }
    void words(const std::string& key, const std::string& value) { line(key, toml_string(value)); }
    void number(const std::string& key, const std::optional<std::int64_t>& value) {
        if (value) line(key, std::to_string(*value));
    }
    void list(const std::string& key, const std::vector<std::string>& values) {
        std::string all;
        for (const auto& one : values)
            all += (all.empty() ? "" : ", ") + toml_string(one);
        line(key, '[' + all + ']');
    }

    // Made of what is safe in a log's file name as well; each only once.
    std::string backend_name(std::string name) {
        std::ranges::replace_if(
            name, [](char c) { return toml_key(std::string(1, c)) != std::string(1, c); }, '-');
        if (name.size() > 100) name.resize(100);
        auto free = name;
        for (int i = 2; !names_.insert(free).second; ++i)
            free = name + '-' + std::to_string(i);
        return free;
    }

    void write_token(const token& written, const std::string& host, const char* variable, const std::string& key) {
        if (written.place == token_place::nowhere && is_loopback(host)) return;
        const std::string name = written.variable.empty() ? variable : written.variable;
        line("token", "{ env = " + toml_string(name) + " }");
        if (written.place == token_place::in_a_variable)
            return out_.add(other_meaning, written.at, key + ".auth_token",
                            "The words \"${" + name +
                                "}\" were the token themselves; here it is what the variable holds.");
        const std::string who = key == "peer" ? "peer start" : "serve";
        if (written.place == token_place::in_the_file)
            out_.add(made_safe, written.at, key + ".auth_token",
                     "A token never stands in the file; put the one that stood there into the variable " + name +
                         " before `tightwad " + who + "`.");
        else
            out_.add(made_safe, written.at, key + ".auth_token",
                     "Other machines can reach " + host + ", so a token is asked for: set " + name +
                         " before `tightwad " + who + "`, or listen on 127.0.0.1.");
    }

    void write_server() {
        if (from_.proxy) {
            const auto& proxy = *from_.proxy;
            table("server");
            words("listen", address(proxy.host, proxy.port));
            write_token(proxy.token, proxy.host, "TIGHTWAD_PROXY_TOKEN", "proxy");
            number("max_body_size", proxy.max_body_bytes);
            number("max_tokens_limit", proxy.max_tokens_limit);
            if (proxy.private_upstreams == false) line("private_upstreams", "false");
            if (from_.coordinator && !from_.models.empty())
                out_.add(other_meaning, from_.coordinator->port_at, "coordinator.port",
                         "Nothing listens on port " + std::to_string(from_.coordinator->port) +
                             ": the model is served at the proxy's address, under a name of its own.");
        } else if (from_.coordinator && !from_.models.empty()) {
            const auto& coordinator = *from_.coordinator;
            table("server");
            words("listen", address(is_loopback(coordinator.host) ? coordinator.host : "127.0.0.1", coordinator.port));
            if (!is_loopback(coordinator.host))
                out_.add(
                    made_safe, coordinator.host_at, "coordinator.host",
                    "llama-server listened on " + coordinator.host +
                        " without a token; the endpoint listens on 127.0.0.1. For other machines write listen = \"" +
                        address(coordinator.host, coordinator.port) +
                        "\" and token = { env = \"TIGHTWAD_PROXY_TOKEN\" }.");
        }
    }

    void write_peer() {
        if (!from_.peer) return;
        const auto& peer = *from_.peer;
        table("peer");
        words("listen", address(peer.host, peer.port));
        write_token(peer.token, peer.host, "TIGHTWAD_PEER_TOKEN", "peer");
        if (!peer.model_dirs.empty()) list("model_dirs", peer.model_dirs);
        if (!peer.rpc_server.empty()) words("rpc_server", peer.rpc_server);
        if (!is_loopback(peer.host))
            out_.add(other_meaning, peer.at, "peer",
                     "It spoke HTTP and speaks TLS: others know it by the fingerprint that `tightwad peer invite` "
                     "prints. It starts rpc-servers on 127.0.0.1 alone, which are reached through it.");
    }

    // Whether the proxy's target is the coordinator itself: then the model is served from here.
    bool target_is_pool() const {
        if (!from_.proxy || !from_.coordinator || from_.models.empty() || from_.proxy->target.ollama) return false;
        const auto url = net::parse_web_url(from_.proxy->target.url);
        if (!url || url->port != from_.coordinator->port) return false;
        return is_loopback(url->host) || url->host == from_.coordinator->host ||
               std::ranges::any_of(from_.models,
                                   [&](const auto& one) { return one.name == from_.proxy->target.model; });
    }

    void write_proxy_target() {
        if (!from_.proxy) return;
        const auto& target = from_.proxy->target;
        if (target_is_pool())
            return out_.add(other_meaning, target.at, target.key,
                            target.origin +
                                " is taken for the coordinator of this file: its model is loaded by Tightwad itself, "
                                "which then verifies drafts in one pass, and no llama-server runs.");
        target_ = write_upstream("target", target);
        out_.add(other_meaning, target.at, target.key,
                 "A server is used as it is, without speculation, because it hands out text and no probabilities "
                 "(docs/servers.md says how to have it).");
    }

    // As a backend, whose name it gives.
    std::string write_upstream(const char* name, const upstream& one) {
        auto out = backend_name(name);
        table("backend." + out);
        words("plugin", one.ollama ? "ollama" : "llamacpp");
        words("url", one.url);
        if (one.ollama) words("model", one.model);
        return out;
    }

    void write_models() {
        for (const auto& model : from_.models) {
            const auto name = backend_name(model.name);
            model_backends_.push_back(name);
            const auto slots = from_.coordinator ? from_.coordinator->slots.value_or(1) : 1;
            table("backend." + name);
            line("plugin", "\"llamacpp\"");
            words("model_path", model.path);
            line("context", std::to_string(model.context == 0 ? 0 : std::max<std::int64_t>(1, model.context / slots)));
            line("slots", std::to_string(slots));
            if (from_.coordinator) {
                number("threads", from_.coordinator->threads);
                number("gpu_layers", from_.coordinator->gpu_layers);
            }
            if (!from_.workers.empty()) words("pool", pool_name);
            out_.add(other_meaning, model.context_at, "models." + model.name + ".ctx_size",
                     "It was the context of all answers together, and \"context\" is that of each: " +
                         std::to_string(slots) + (slots == 1 ? " answer" : " answers") +
                         " at a time in the same memory; more with more \"slots\".");
            const bool relative = !model.path.starts_with('/') && !model.path.starts_with("~/");
            if (relative)
                out_.add(other_meaning, model.path_at, "models." + model.name + ".path",
                         "It was relative to where Tightwad was started, and is to the folder of the configuration.");
            if (&model != &from_.models.front())
                out_.add(other_meaning, model.at, "models." + model.name,
                         "All pipelines of a file are served at once, so only \"" + from_.models.front().name +
                             "\" has one; give this backend its own, or make it the target" +
                             (from_.workers.empty() ? "." : ", or load it in place of that one by `tightwad swap " +
                                                                model_backends_.back() + "`."));
        }
    }

    void write_pool() {
        if (from_.workers.empty()) return;
        if (from_.models.empty())
            return out_.add(no_counterpart, from_.workers.front().at, "workers",
                            "No model of this file would be held by them; left out.");
        table(std::string("pool.") + pool_name);
        line("plugin", "\"rpc-coordinator\"");
        text_ += "workers = [\n";
        std::set<std::string> told;
        for (const auto& one : from_.workers) {
            const auto vram = one.vram_gb == 0 ? std::string() : ", vram = \"" + std::to_string(one.vram_gb) + "GiB\"";
            const auto rest = ", rpc_port = " + std::to_string(one.rpc_port) + vram;
            if (is_loopback(one.host)) {
                text_ += "    { host = " + toml_string(one.host) + rest + " },\n";
                continue;
            }
            text_ += "    { url = " + toml_string("tws://" + address(one.host, one.peer_port)) + rest +
                     ", token = { env = \"TIGHTWAD_PEER_TOKEN\" }, fingerprint = \"" + no_fingerprint + "\" },\n";
            if (told.insert(one.host).second)
                out_.add(
                    made_safe, one.at, one.key,
                    "An rpc-server in the open believes whoever reaches its port. Run `tightwad peer start` on " +
                        one.host +
                        " and write the fingerprint that `tightwad peer invite` prints there instead of the zeros; "
                        "docs/workers.md says how to go on without a peer.");
        }
        text_ += "]\n";
    }

    void write_pipelines() {
        if (from_.proxy) {
            const auto& proxy = *from_.proxy;
            const bool pooled = target_.empty();
            table("pipeline.main");
            list("serves", {proxy.target.model});
            words("target", pooled ? model_backends_.front() : target_);
            if (!drafts_.empty()) list("draft", drafts_);
            if (!fallback_drafts_.empty()) list("draft_fallback", fallback_drafts_);
            number("max_draft_tokens", proxy.max_draft_tokens);
            if (proxy.fallback) line("fallback", *proxy.fallback ? "true" : "false");
            out_.add(other_meaning, proxy.at, "proxy",
                     "Whatever model a client asked for, the target answered; here it must ask for \"" +
                         proxy.target.model + "\". Further names go into \"serves\".");
            if (pooled) return;
        }
        if (from_.models.empty()) return;
        const auto& model = from_.models.front();
        auto served = model.name;
        if (from_.proxy && served == from_.proxy->target.model) {
            served += "-coordinator";
            out_.add(other_meaning, model.at, "models." + model.name,
                     "The proxy's target has that name already, and one endpoint serves both; it is \"" + served +
                         "\".");
        }
        table(from_.proxy ? "pipeline.coordinator" : "pipeline.main");
        list("serves", {served});
        words("target", model_backends_.front());
    }

    // Of a target that is loaded here; nothing is drafted for one that is a server.
    void write_drafts() {
        if (!from_.proxy) return;
        for (const auto& one : from_.proxy->drafts) {
            if (!target_.empty()) {
                out_.add(no_counterpart, one.at, one.key,
                         "What " + one.origin + " proposes cannot be verified by a target that is a server, which hands out text; "
                         "left out. Load the target's model file here, or serve it there with `tightwad peer start` "
                         "(docs/peers.md), and that server can be its draft (docs/servers.md).");
                continue;
            }
            (one.fallback ? fallback_drafts_ : drafts_).push_back(write_upstream("draft", one));
            out_.add(other_meaning, one.at, one.key,
                     "It drafts if it has the target's vocabulary, which is looked at (docs/servers.md).");
        }
    }

    const cluster& from_;
    differences& out_;
    std::string text_;
    std::string target_;                      // the proxy's, empty where it is the pool
    std::vector<std::string> model_backends_; // in the order of the models
    std::vector<std::string> drafts_, fallback_drafts_;
    std::set<std::string> names_;
};

} // namespace

boost::system::result<imported, std::vector<diagnostic>> import_cluster(std::string_view yaml,
                                                                        const std::string& file) {
    const auto root = read_yaml(yaml, file);
    if (!root) return root.error();
    differences found;
    std::vector<diagnostic> mistakes;
    const auto from = read_cluster(*root, found, mistakes);
    if (!mistakes.empty()) return mistakes;
    if (!from.proxy && from.models.empty() && !from.peer)
        return std::vector{diagnostic{{file, 0, 0},
                                      "There is nothing to serve in it: no \"proxy\" with a \"target\", and no "
                                      "\"models\" with a \"path\"."}};
    imported out;
    out.toml = writer(from, found).write();
    out.differences = found.in_order();
    return out;
}

} // namespace tw::migrate
