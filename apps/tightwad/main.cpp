// The command line: what may be written, and which command it starts.
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "commands/commands.hpp"
#include "commands/terminal.hpp"

namespace {

using namespace tw::cli;

constexpr const char* examples = R"(Examples:
  tightwad check -c configs/demo.toml     is the configuration right, are the models there?
  tightwad serve -c configs/demo.toml     an OpenAI-compatible endpoint on loopback
  tightwad start -c configs/demo.toml     the same in the background; `stop` ends it
  tightwad chat -c configs/demo.toml      talk to it
  echo 'Why is the sky blue?' | tightwad chat --direct
                                          one question, without speculation
  tightwad bench -c configs/demo.toml     is it faster than its target alone, and are the answers equal?
  tightwad peer start -c den.toml         lend this machine's engines to others
  tightwad peer invite -c den.toml        what the others write into their configuration
  tightwad plan -c pool.toml              who would hold what of a model over a pool, and how fast
  tightwad swap llama-70b                 the running pool holds another model; its workers stay
  tightwad reclaim ~/models/big.gguf      it is on the GPU: let go of its file in memory
  tightwad config import cluster.yaml -o tightwad.toml
                                          take over what the Python Tightwad was told
  tightwad help backend llamacpp          the keys of a plugin
  tightwad graph | dot -Tsvg > graph.svg  the pipelines as a drawing

Without -c the configuration is the first of TIGHTWAD_CONFIG, ./tightwad.toml, ./configs/tightwad.toml,
~/.config/tightwad/config.toml and ~/.tightwad/config.toml; where there is none, TIGHTWAD_TARGET_URL and
TIGHTWAD_TARGET_MODEL name a server. Exit codes: 0 done, 1 it failed, 2 the command line or the configuration
is wrong.)";

// `tightwad help`, `help COMMAND…` and `help backend PLUGIN`.
int help(const global_options& global, const CLI::App& app, const std::vector<std::string>& topic) {
    if (topic.size() == 2 && topic[0] == "backend") return help_backend(global, topic[1]);
    const CLI::App* about = &app;
    try {
        for (const auto& word : topic) about = about->get_subcommand(word);
    } catch (const CLI::OptionNotFound&) {
        return complain("There is no help on \"" + topic.back() +
                            "\"; try `tightwad help`, or `tightwad help backend PLUGIN`.",
                        exit_usage);
    }
    std::cout << about->help() << std::flush;
    return exit_ok;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Tightwad: one OpenAI-compatible endpoint in which a small model drafts and a large one "
                 "decides.",
                 "tightwad"};
    app.fallthrough();            // -c and --plugins-dir may also stand behind the command
    app.require_subcommand(0, 1); // so that the words after `help` are names, not commands to run
    app.set_version_flag("--version", "tightwad " TIGHTWAD_VERSION, "The version, and nothing else");

    global_options global;
    app.add_option("-c,--config", global.config, "The configuration file")->type_name("FILE");
    app.add_option("--plugins-dir", global.plugins_dirs,
                   "Look for plugins in this folder and not in the usual ones (may be repeated)")
        ->type_name("DIR")
        ->allow_extra_args(false);

    std::function<int()> chosen;
    const auto command = [&](CLI::App* parent, const char* name, const char* what, std::function<int()> act) {
        auto* made = parent->add_subcommand(name, what);
        made->callback([&chosen, act = std::move(act)] { chosen = act; });
        return made;
    };

    bool json = false;
    peer_start_options peering;
    peer_invite_options inviting;
    pool_engine_options pooling;
    chat_options chatting;
    std::vector<std::string> topic;
    serve_options serving;
    const auto takes_model = [](CLI::App* to, std::string& model) {
        to->add_option("-m,--model", model,
                       "In place of the configured target of the only pipeline, or of the only one over a pool: a "
                       "[backend.NAME]; or a GGUF file, cache:NAME or ollama:NAME, which gets that target's settings")
            ->type_name("MODEL");
    };
    const auto skips_check = [](CLI::App* to, bool& skip) {
        to->add_flag("--skip-version-check", skip, "Do not ask a pool's peers whether their rpc-servers are of this llama.cpp");
    };
    const auto serves = [&](CLI::App* parent, const char* name, const char* what) {
        auto* made = command(parent, name, what, [&] { return serve(global, serving); });
        takes_model(made, serving.model);
        skips_check(made, serving.skip_version_check);
        made->add_flag("--started", serving.started)->group(""); // for `start`, not for people
    };
    const auto stops = [&](CLI::App* parent) {
        command(parent, "stop", "Let the running answers finish, then end the endpoint", [&] { return proxy_stop(global); });
    };
    const auto tells = [&](CLI::App* parent) {
        command(parent, "status", "What the running endpoint serves, and its figures",
                [&] { return proxy_status(global, json); })
            ->add_flag("--json", json, "The endpoint's own JSON");
    };
    serves(&app, "serve", "Run the endpoint until Ctrl-C");
    start_options starting;
    const std::map<std::string, reclaiming> reclaims{
        {"off", reclaiming::off}, {"on", reclaiming::on}, {"auto", reclaiming::automatic}};
    auto* begun = command(&app, "start", "Run the endpoint in the background; returns when the models are loaded, or says why not",
                          [&] { return start(global, starting); });
    takes_model(begun, starting.model);
    skips_check(begun, starting.skip_version_check);
    begun->add_option("--ram-reclaim", starting.reclaim,
                     "Afterwards let go of the models' files in memory, as `reclaim` does; auto = where they fill half of it")
        ->transform(CLI::CheckedTransformer(reclaims).description(""))
        ->type_name("off|on|auto")
        ->default_str("auto");
    stops(&app);
    tells(&app);
    benchmark_options timing;
    auto* time_one = command(&app, "benchmark", "How fast the running endpoint reads a prompt and writes an answer",
                             [&] { return benchmark(global, timing); });
    time_one->add_option("--model", timing.model, "One of the served names (default: the first)")->type_name("NAME");
    time_one->add_option("--max-tokens", timing.max_tokens, "The longest answer")
        ->check(CLI::Range(2, 1 << 30).description(""))
        ->type_name("N")
        ->capture_default_str();
    time_one->add_flag("--json", timing.json, "For programs");
    swap_options swapping;
    auto* change = command(&app, "swap",
                           "Have the running endpoint serve another model over its pool, under the same names; the workers "
                           "stay. A model that is unknown or does not fit changes nothing, one that cannot be loaded is "
                           "followed by the one before it",
                           [&] { return swap_model(global, swapping); });
    change->add_option("model", swapping.model,
                       "A [backend.NAME] over the same pool; or a GGUF file, cache:NAME or ollama:NAME, which gets the "
                       "settings of the model that runs now")
        ->type_name("MODEL")
        ->required();
    change->add_option("--pipeline", swapping.pipeline, "Whose model (default: the only pipeline over a pool)")->type_name("NAME");
    change->add_flag("--json", swapping.json, "For programs");
    auto* proxy = app.add_subcommand("proxy", "The same as serve, stop and status");
    proxy->require_subcommand(1);
    serves(proxy, "start", "The same as serve");
    stops(proxy);
    tells(proxy);
    auto* pooled = command(&app, "pool-engine", "Started by serve: holds a model over a pool",
                           [&] { return pool_engine(global, pooling); });
    pooled->group(""); // not for people
    pooled->add_option("--pipeline", pooling.pipeline)->required();
    pooled->add_option("--backend", pooling.backend)->required();
    pooled->add_option("--model", pooling.model);
    pooled->add_option("--port", pooling.port)->required();
    pooled->add_flag("--skip-version-check", pooling.skip_version_check);
    auto* peer = app.add_subcommand("peer", "Serve this machine's engines to other machines");
    peer->require_subcommand(1);
    auto* start_peer = command(peer, "start", "Run until Ctrl-C: the engines of [peer], and questions about this machine",
                               [&] { return peer_start(global, peering); });
    start_peer->add_option("--port", peering.port, "Instead of the configured one (9191)")
        ->check(CLI::Range(1, 65535).description(""))
        ->type_name("N");
    start_peer->add_option("--listen", peering.listen, "Instead of the configured address (127.0.0.1)")
        ->type_name("ADDRESS[:PORT]");
    command(peer, "stop", "End the peer of this machine", [] { return peer_stop(); });
    command(peer, "status", "What the peer of this machine serves, and how busy it is",
            [&] { return peer_status(global, json); })
        ->add_flag("--json", json, "For programs");
    auto* invite = command(peer, "invite", "What other machines write into their configuration to use this one",
                           [&] { return peer_invite(global, inviting); });
    invite->add_flag("--show-token", inviting.show_token, "Also the token itself, which lets anybody in who has it");
    invite->add_flag("--json", inviting.json, "For programs");
    auto* talk = command(&app, "chat", "Talk to the endpoint; a question on stdin is answered once",
                         [&] { return chat(global, chatting); });
    talk->add_flag("--direct", chatting.direct, "Without speculation: the target alone, the same answer");
    talk->add_option("--temperature", chatting.temperature, "0 = always the likeliest token")
        ->check(CLI::Range(0.0, 2.0).description(""))
        ->type_name("0 to 2")
        ->capture_default_str();
    talk->add_option("--max-tokens", chatting.max_tokens, "The longest answer")
        ->check(CLI::Range(1, 1 << 30).description(""))
        ->type_name("N")
        ->capture_default_str();
    talk->add_option("--model", chatting.model, "One of the served names (default: the first)");
    bench_options benching;
    auto* measure = command(&app, "bench", "Measure a pipeline against its target alone, answers compared",
                            [&] { return bench(global, benching); });
    measure->add_option("--pipeline", benching.pipeline, "One of the file's pipelines (default: the first)")
        ->type_name("NAME");
    measure->add_option("--prompts", benching.prompts, "One prompt per line (default: a few of its own)")
        ->type_name("FILE");
    measure->add_option("--pairs", benching.pairs, "Answers of each side")
        ->check(CLI::Range(1, 100000).description(""))
        ->type_name("N")
        ->capture_default_str();
    measure->add_option("--max-tokens", benching.max_tokens, "The longest answer")
        ->check(CLI::Range(1, 1 << 30).description(""))
        ->type_name("N")
        ->capture_default_str();
    measure->add_option("--temperature", benching.temperature, "0 = always the likeliest token")
        ->check(CLI::Range(0.0, 2.0).description(""))
        ->type_name("0 to 2")
        ->capture_default_str();
    measure->add_flag("--json", benching.json, "For programs");
    measure->add_option("--plot", benching.plot, "Draw the ratios as an SVG")->type_name("FILE.svg");
    command(&app, "check", "Find every mistake in the configuration; starts nothing",
            [&] { return check(global, json); })
        ->add_flag("--json", json, "For programs");
    command(&app, "doctor",
            "Look at everything the configuration needs, here, on its peers and at its servers, and say what is wrong; changes "
            "nothing",
            [&] { return doctor(global, json); })
        ->add_flag("--json", json, "For programs");
    config_import_options importing;
    auto* configuration = app.add_subcommand("config", "Work on configurations");
    configuration->require_subcommand(1);
    auto* take_over = command(configuration, "import",
                              "Turn a cluster.yaml of the Python Tightwad into a configuration (on stdout), and name "
                              "every difference (on stderr); secrets stay where they are",
                              [&] { return config_import(importing); });
    take_over->add_option("file", importing.file, "The cluster.yaml")->type_name("FILE")->required();
    take_over->add_option("-o,--output", importing.output, "A new file to write instead of stdout")->type_name("FILE.toml");
    take_over->add_flag("--json", importing.json, "For programs: the differences, and without -o the configuration");
    command(&app, "graph", "Draw the pipelines (Graphviz dot on stdout)", [&] { return graph(global); });
    inspect_options inspecting;
    auto* look = command(&app, "inspect", "What a GGUF model needs: bytes of its layers and of the cache",
                         [&] { return inspect(global, inspecting); });
    look->add_option("file", inspecting.file, "A GGUF file, cache:NAME or ollama:NAME; of a split model any part")
        ->type_name("FILE")
        ->required();
    look->add_option("--context", inspecting.context, "Tokens of a sequence (default: as trained for)")
        ->check(CLI::Range(1, 1 << 24).description(""))
        ->type_name("N");
    look->add_option("--slots", inspecting.slots, "Sequences at the same time")
        ->check(CLI::Range(1, 64).description(""))
        ->type_name("N")
        ->capture_default_str();
    look->add_flag("--plan", inspecting.plan,
                   "Which machine would hold which layers: this one, each pool of the configuration");
    look->add_flag("--json", inspecting.json, "For programs");
    plan_options planning;
    auto* foresee = command(&app, "plan",
                            "Measure the machines of a pool and say who would hold what, how fast it would be, and whether "
                            "one machine alone is faster; a pool that is not worth it is refused",
                            [&] { return plan_model(global, planning); });
    foresee->add_option("--model", planning.model,
                        "A GGUF file, cache:NAME or ollama:NAME, over each pool of the configuration (default: the target "
                        "of a pipeline)")
        ->type_name("FILE");
    foresee->add_option("--pipeline", planning.pipeline, "One of the file's pipelines (default: the first over a pool)")
        ->type_name("NAME");
    foresee->add_option("--context", planning.context, "Tokens of a sequence (default: as configured)")
        ->check(CLI::Range(1, 1 << 24).description(""))
        ->type_name("N");
    foresee->add_option("--slots", planning.slots, "Sequences at the same time (default: as configured)")
        ->check(CLI::Range(1, 64).description(""))
        ->type_name("N");
    foresee->add_option("--acceptance", planning.acceptance, "How often a drafted token is right, for the figures with drafts")
        ->check(CLI::Range(0.0, 1.0).description(""))
        ->type_name("0 to 1")
        ->capture_default_str();
    foresee->add_option("--rpc-server", planning.rpc_server,
                        "llama.cpp's ggml-rpc-server, to measure this machine with (default: that of [peer])")
        ->type_name("PROGRAM");
    foresee->add_flag("--force", planning.force, "A pool that is slower than one machine is no failure");
    foresee->add_flag("--json", planning.json, "For programs");
    load_options loading;
    auto* bring = command(&app, "load",
                          "Read a model's file into memory, so that what opens it next need not wait for the disk; refuses "
                          "where it would not fit",
                          [&] { return load_model(loading); });
    bring->add_option("file", loading.file, "A GGUF file, cache:NAME or ollama:NAME; of a split model any part")
        ->type_name("MODEL")
        ->required();
    bring->add_flag("--json", loading.json, "For programs");
    reclaim_options reclaiming;
    auto* let = command(&app, "reclaim",
                        "Let go of a model's file once its weights are on a GPU, and say what was in memory before and "
                        "after; what a process still maps stays. Without MODEL, --pid and --port: of every model of the "
                        "configuration",
                        [&] { return reclaim(global, reclaiming); });
    auto* which = let->add_option("file", reclaiming.file, "A GGUF file, cache:NAME or ollama:NAME; of a split model any part")
                      ->type_name("MODEL");
    auto* by_pid = let->add_option("--pid", reclaiming.pid, "The model files that this process works with")
                       ->check(CLI::Range(1, 1 << 30).description(""))
                       ->type_name("PID")
                       ->excludes(which);
    let->add_option("--port", reclaiming.port, "The same, of the process that listens on this port")
        ->check(CLI::Range(1, 65535).description(""))
        ->type_name("N")
        ->excludes(which)
        ->excludes(by_pid);
    let->add_flag("--json", reclaiming.json, "For programs");
    tune_options tuning;
    auto* advise = command(&app, "tune",
                           "Look at memory, swap and limits, and name the commands that would help a model stay in memory; "
                           "changes nothing",
                           [&] { return tune(tuning); });
    advise->add_option("--model", tuning.model, "The model to make room for, as model_path is written")->type_name("MODEL");
    advise->add_flag("--json", tuning.json, "For programs");
    logs_options logging;
    auto* written = command(&app, "logs", "The last lines of what the endpoint, the peer or a program of theirs has written",
                            [&] { return logs(logging); });
    written->add_option("name", logging.name, "proxy, peer, rpc-PORT or pool-BACKEND")
        ->type_name("NAME")
        ->capture_default_str();
    written->add_option("-n,--lines", logging.lines, "How many")
        ->check(CLI::Range(0, 100000).description(""))
        ->type_name("N")
        ->capture_default_str();
    auto* follow = written->add_flag("-f,--follow", logging.follow, "Go on with what comes, until Ctrl-C");
    written->add_flag("--clear", logging.clear, "Forget what the log holds, the older part too")->excludes(follow);
    command(&app, "plugins", "What was found, and why the rest was refused",
            [&] { return list_plugins(global, json); })
        ->add_flag("--json", json, "For programs");
    command(&app, "help", "Help on a command, or `help backend PLUGIN` for a plugin's keys",
            [&] { return help(global, app, topic); })
        ->add_option("topic", topic, "A command, or backend PLUGIN");
    app.footer(examples); // now, so that the commands do not inherit it

    try {
        app.parse(argc, argv);
        if (chosen) return chosen();
        std::cout << app.help() << std::flush;
        return exit_usage;
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? exit_ok : exit_usage;
    } catch (const std::exception& defect) {
        return complain(std::string("Something that should not happen did: ") + defect.what(), exit_failure);
    }
}
