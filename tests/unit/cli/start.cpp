// `tightwad start`: what runs afterwards, and what is said when nothing does. The target is a scripted llama-server.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <string>

#include "program.hpp"
#include "support/free_port.hpp"
#include "support/raw_client.hpp"
#include "support/scripted_server.hpp"
#include "unit/plan/gguf_bytes.hpp"

using namespace tw::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string plugins = TW_BINARY_DIR "/lib/tightwad/plugins";

std::string text(const std::string& piece) {
    return R"(data: {"choices":[{"index":0,"text":")" + piece + R"(","finish_reason":null}]})" "\n\n";
}

const std::string ended = R"(data: {"choices":[{"index":0,"text":"","finish_reason":"length"}]})" "\n\n"
                          R"(data: {"choices":[],"usage":{"prompt_tokens":700,"completion_tokens":3}})" "\n\n"
                          "data: [DONE]\n\n";

// Whatever it is asked, it says three words.
class talker : public scripted_server {
  public:
    talker() : scripted_server({streams({text("one"), text(" two"), text(" three"), ended})}) {}
    [[nodiscard]] std::string key() const { return "url = \"" + url() + "\"\n"; }
};

// A configuration and a state folder of its own; whatever was started in it is ended with it.
class place {
  public:
    explicit place(const std::string& target, std::uint16_t port = free_port())
        : port_(port),
          file_(folder_.write("c.toml", "schema = 1\n[server]\nlisten = \"127.0.0.1:" + std::to_string(port_) +
                                            "\"\n[backend.far]\nplugin = \"llamacpp\"\n" + target +
                                            "[pipeline.p]\nserves = [\"m\"]\ntarget = \"far\"\n")) {}
    ~place() { (void)run({"stop"}); }

    [[nodiscard]] ran run(std::vector<std::string> words) const {
        words.insert(words.end(), {"--plugins-dir", plugins, "-c", file_});
        return run_tightwad(words, "", {{"TIGHTWAD_STATE", folder_.path().string()}});
    }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    scratch_folder folder_;
    std::uint16_t port_;
    std::string file_;
};

} // namespace

TEST_CASE("start returns when the endpoint answers, which goes on without it until stop") {
    const talker far;
    const place here(far.key());
    const auto started = here.run({"start"});
    CAPTURE(started.err);
    REQUIRE(started.code == 0);
    CHECK_THAT(started.out, ContainsSubstring("Tightwad runs in the background at " + here.url() + "/v1, pid "));
    CHECK_THAT(started.err, ContainsSubstring("m: target far (llamacpp)"));
    CHECK_THAT(started.err, !ContainsSubstring("tightwad ready"));

    raw_client client(here.port());
    client.send(get("/health"));
    CHECK(client.read().status == 200);
    CHECK_THAT(here.run({"status"}).out, ContainsSubstring(" at " + here.url()));

    const auto again = here.run({"start"});
    CHECK(again.code == 1);
    CHECK_THAT(again.err, ContainsSubstring("An endpoint already runs at " + here.url()));

    const auto timed = here.run({"benchmark", "--json"});
    CAPTURE(timed.err);
    REQUIRE(timed.code == 0);
    const auto figures = nlohmann::json::parse(timed.out);
    CHECK(figures["model"] == "m");
    CHECK(figures["prompt_tokens"] == 700);
    CHECK(figures["completion_tokens"] == 3);
    CHECK(figures["first_text_s"] > 0);
    CHECK_THAT(here.run({"benchmark"}).out, ContainsSubstring("prompt     700 tokens") && ContainsSubstring("answer       3 tokens"));

    CHECK_THAT(here.run({"stop"}).out, ContainsSubstring("has stopped."));
    CHECK_THAT(here.run({"stop"}).out, ContainsSubstring("No endpoint is running"));
    CHECK_THAT(here.run({"benchmark"}).err, ContainsSubstring("tightwad serve"));
}

TEST_CASE("start says why nothing runs, with the code of serve") {
    const place wrong("url = \"http://127.0.0.1:1\"\nno_such_key = 1\n");
    const auto refused = wrong.run({"start"});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, ContainsSubstring("no_such_key"));
    CHECK(refused.out.empty());

    const scripted_server other({replies(200, "")});
    const auto taken = place("url = \"http://127.0.0.1:1\"\n", other.port()).run({"start"});
    CHECK(taken.code == 1);
    CHECK_THAT(taken.err, ContainsSubstring(std::to_string(other.port())) && ContainsSubstring("ended with code 1"));
    CHECK(taken.out.empty());
}

TEST_CASE("after an endpoint was killed, start starts the next one") {
    const talker far;
    const place here(far.key());
    const auto first = here.run({"start", "--ram-reclaim", "off"});
    REQUIRE(first.code == 0);
    const auto pid = std::stoi(first.out.substr(first.out.find("pid ") + 4));
    REQUIRE(::kill(pid, SIGKILL) == 0);
    CHECK(here.run({"stop"}).code == 0); // there is nobody to stop, at the latest in a moment
    CHECK(here.run({"start"}).code == 0);
}

TEST_CASE("start reclaims the models that the endpoint has loaded, not others of the configuration") {
    const talker far;
    const scratch_folder models;
    gguf_bytes header;
    header.word("general.architecture", "llama").tensor("token_embd.weight", 0, {64, 2});
    const auto model = models.write("idle.gguf", header.done() + std::string(64 * 2 * 4 + 64, '\0'));
    const place here(far.key() + "[backend.idle]\nplugin = \"llamacpp\"\nmodel_path = \"" + model + "\"\n");
    const auto started = here.run({"start", "--ram-reclaim", "on"});
    CAPTURE(started.err);
    REQUIRE(started.code == 0);
    CHECK_THAT(started.out, !ContainsSubstring("idle.gguf"));
    CHECK_THAT(started.err, !ContainsSubstring("idle.gguf") && !ContainsSubstring("no model file"));
    CHECK_THAT(here.run({"reclaim"}).out, ContainsSubstring(model)); // which takes all of them
}

TEST_CASE("a model of the command line takes the configured one's place, or is refused by name") {
    const talker far, other;
    const place here(far.key() + "[backend.other]\nplugin = \"llamacpp\"\n" + other.key());
    const auto started = here.run({"start", "-m", "other"});
    REQUIRE(started.code == 0);
    raw_client client(here.port());
    client.send(post("/v1/completions", R"({"model":"m","prompt":"x"})"));
    CHECK(client.read().status == 200);
    const auto asked_for_text = [](const talker& whom) {
        return std::ranges::any_of(whom.requests(), [](const auto& each) { return each.starts_with("POST"); });
    };
    CHECK(asked_for_text(other));
    CHECK_FALSE(asked_for_text(far));
    CHECK(here.run({"stop"}).code == 0);
    const auto unknown = here.run({"serve", "-m", "othr"});
    CHECK(unknown.code == 2);
    CHECK_THAT(unknown.err, ContainsSubstring("neither a backend \"othr\"") && ContainsSubstring("did you mean \"other\"?"));
    const auto unfit = here.run({"serve", "-m", "/proc/self/exe"});
    CHECK(unfit.code == 2);
    CHECK_THAT(unfit.err, ContainsSubstring("loads nothing here"));
}
