// A server that drafts: a played llama-server or Ollama on loopback, the real plugin before it, the drafter that uses both.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "peer/lent_server.hpp"
#include "plugins/llamacpp/server.hpp"
#include "plugins/ollama/ollama.hpp"
#include "service/plugin_host.hpp"
#include "speculation/server_drafter.hpp"
#include "speculation/server_vocabulary.hpp"
#include "support/scripted_server.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

using ids = std::vector<std::int32_t>;
constexpr std::int32_t n_vocab = 100;

std::int32_t next_of(std::int32_t token) { return (token * 7 + 3) % n_vocab; }

std::string said(const std::string& event) {
    const auto bytes = "data: " + event + "\n\n";
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}
std::string token_event(std::int32_t id, int counted) {
    return said(R"({"tokens":[)" + std::to_string(id) + R"(],"stop":false,"tokens_predicted":)" + std::to_string(counted) + "}");
}
const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

// A llama-server whose model follows each token by next_of().
class llama {
  public:
    enum class mood { well, stops_short, babbles, dreams, waits, gone };

    llama() : far_({[this](scripted_server::line& to, const std::string& request) { answer(to, request); }}) {}
    [[nodiscard]] std::string url() const { return far_.url(); }

    std::atomic<mood> now{mood::well};
    std::atomic<int> drafts{0}, left{0}; // requests to draft; of those, the ones whose client went away
    std::atomic<int> tokens{n_vocab};
    std::atomic<std::int32_t> shift{0}; // of the ids of texts

  private:
    void answer(scripted_server::line& to, const std::string& request) {
        if (now == mood::gone) return to.vanish();
        if (request.starts_with("POST /completion")) return draft(to, nlohmann::json::parse(request.substr(request.find("\r\n\r\n"))));
        nlohmann::json out;
        if (request.starts_with("GET /v1/models")) {
            out["data"] = nlohmann::json::array({{{"id", "m"}, {"meta", {{"n_vocab", tokens.load()}, {"n_ctx", 64}}}}});
        } else if (request.starts_with("POST /tokenize")) {
            const auto text = nlohmann::json::parse(request.substr(request.find("\r\n\r\n")))["content"].get<std::string>();
            out["tokens"] = nlohmann::json::array();
            for (const char c : text) out["tokens"].push_back({{"id", static_cast<unsigned char>(c) % n_vocab + shift}, {"piece", "x"}});
        }
        replies(200, out.dump())(to, request);
        to.keep = true;
    }
    void draft(scripted_server::line& to, const nlohmann::json& asked) {
        ++drafts;
        if (now == mood::waits) {
            to.wait_gone();
            ++left;
            return;
        }
        auto token = asked["prompt"].back().get<std::int32_t>();
        to.send(head);
        const auto most = asked["n_predict"].get<int>();
        for (int i = 1; i <= most; ++i) {
            token = next_of(token);
            if (now == mood::dreams) token = n_vocab;
            if (now == mood::stops_short && i == 3) return;
            if (!to.send(now == mood::babbles ? said("{\"tokens\": nonsense") : token_event(token, i))) return;
        }
        to.send(said(R"({"tokens":[],"stop":true})") + "0\r\n\r\n");
        to.keep = true;
    }

    scripted_server far_; // last
};

// An Ollama whose model's tokens are " t0", " t1" …, and follow each other by next_of().
class ollama_server {
  public:
    ollama_server() : far_({[this](scripted_server::line& to, const std::string& request) { answer(to, request); }}) {}
    [[nodiscard]] std::string url() const { return far_.url(); }

    std::atomic<int> tokens{n_vocab};
    std::atomic<std::int32_t> odd{-1}; // the token that is another one

  private:
    void answer(scripted_server::line& to, const std::string& request) {
        nlohmann::json out;
        if (request.starts_with("POST /api/generate")) return draft(to, nlohmann::json::parse(request.substr(request.find("\r\n\r\n"))));
        if (request.starts_with("GET /api/version")) out["version"] = "0.12.11";
        if (request.starts_with("GET /api/tags")) out["models"] = nlohmann::json::array({{{"name", "m:latest"}}});
        if (request.starts_with("POST /api/show")) {
            auto& info = out["model_info"];
            info["tokenizer.ggml.model"] = "llama";
            for (int i = 0; i < tokens; ++i)
                info["tokenizer.ggml.tokens"].push_back("\u2581" + (i == odd ? std::string("x") : "t" + std::to_string(i)));
        }
        replies(200, out.dump())(to, request);
        to.keep = true;
    }
    static void draft(scripted_server::line& to, const nlohmann::json& asked) {
        const auto prompt = asked["prompt"].get<std::string>();
        auto token = std::stoi(prompt.substr(prompt.rfind('t') + 1));
        std::string all;
        for (int i = 0; i < asked["options"]["num_predict"].get<int>(); ++i) {
            token = next_of(token);
            all += R"({"response":" t)" + std::to_string(token) + "\",\"done\":false}\n";
        }
        replies(200, all + "{\"response\":\"\",\"done\":true}\n")(to, {});
        to.keep = true;
    }

    scripted_server far_; // last
};

template <class Server> std::shared_ptr<backend> connect(const std::string& url, const std::string& id, const std::string& more = "") {
    const auto& api = *static_cast<const tw_backend_v1*>(Server::template query<Server>(TW_BACKEND_V1));
    auto made = backend::create(api, id, std::make_unique<plugin_host>(id, std::map<std::string, secret_ref>{}),
                                R"({"url":")" + url + '"' + more + '}');
    REQUIRE(made.has_value());
    (*made)->with_questions(*static_cast<const tw_question_v1*>(Server::template query<Server>(TW_QUESTION_V1)));
    (*made)->with_continuations(*static_cast<const tw_continuation_v1*>(Server::template query<Server>(TW_CONTINUATION_V1)));
    return std::move(*made);
}
std::shared_ptr<backend> to_llama(const std::string& url) { return connect<llamacpp::server>(url, "llamacpp"); }
std::shared_ptr<backend> to_ollama(const std::string& url) { return connect<ollama::server>(url, "ollama", R"(,"model":"m","context":64)"); }

vocabulary_sample sample() {
    vocabulary_sample out{"large", n_vocab, {{"Once upon", {}}}, {}};
    for (const char c : out.probes[0].text) out.probes[0].ids.push_back(static_cast<unsigned char>(c) % n_vocab);
    for (std::int32_t id = 0; id < n_vocab; id += 3) out.spelled.push_back({id, " t" + std::to_string(id)});
    return out;
}

// A verifier that waits for what it hears.
struct guest {
    explicit guest(const std::string& url) : guest(to_llama(url)) {}
    explicit guest(const std::shared_ptr<backend>& server) {
        auto check = [server](const std::stop_token& stop) { return compare_vocabulary(*server, "small", sample(), 5s, stop); };
        drafter = server_drafter::make("small", server, std::move(check));
        self = drafter->enter([this](drafter_event what) {
            const std::lock_guard lock(mutex);
            heard.push_back(std::move(what));
            arrived.notify_all();
        });
    }
    ~guest() { drafter->leave(self); }

    template <class Event> Event wait() {
        std::unique_lock lock(mutex);
        for (;;) {
            for (auto each = heard.begin(); each != heard.end(); ++each)
                if (auto* found = std::get_if<Event>(&*each)) {
                    auto out = std::move(*found);
                    heard.erase(each);
                    return out;
                }
            REQUIRE(arrived.wait_for(lock, 20s, [&, before = heard.size()] { return heard.size() != before; }));
        }
    }
    void order(std::uint32_t epoch, const ids& committed, std::size_t told, std::uint16_t want, bool stream = false) {
        draft_order out{.sequence = 1, .epoch = epoch, .base = static_cast<std::uint32_t>(committed.size()),
                        .prefix = extend(empty_prefix, committed), .want = want};
        out.stream = stream;
        out.tail.assign(committed.begin() + static_cast<std::ptrdiff_t>(told), committed.end());
        drafter->send(self, std::move(out));
    }
    void open(const ids& prompt) { drafter->send(self, draft_open{1, {}, prompt}); }
    // All of an order's tokens.
    ids drafted() {
        ids out;
        for (bool complete = false; !complete;) {
            const auto batch = wait<draft_batch>();
            for (const auto& each : batch.tokens) out.push_back(each.token);
            complete = batch.complete;
        }
        return out;
    }

    std::mutex mutex;
    std::condition_variable arrived;
    std::vector<drafter_event> heard;
    std::shared_ptr<server_drafter> drafter;
    server_drafter::guest_id self = 0;
};

ids following(std::int32_t token, std::size_t n) {
    ids out;
    while (out.size() < n) out.push_back(token = next_of(token));
    return out;
}

template <class Condition> void comes_true(Condition&& condition) {
    for (int i = 0; i < 20000 && !condition(); ++i) std::this_thread::sleep_for(1ms);
    CHECK(condition());
}

} // namespace

TEST_CASE("a server's tokens are drafts, and a correction is followed") {
    llama far;
    guest here(far.url());
    static_cast<void>(here.wait<drafter_back>());
    CHECK(here.drafter->longest() == 32);
    here.open({1, 2});
    here.order(1, {1, 2}, 2, 5);
    CHECK(here.drafted() == following(2, 5));
    here.order(2, {1, 2, 17, 50}, 2, 4);
    CHECK(here.drafted() == following(50, 4));
    here.drafter->send(here.self, draft_close{1});
    here.order(3, {1, 2, 17, 50}, 4, 4);
    CHECK(here.wait<draft_lost>().epoch == 3);
    CHECK(far.drafts == 2);
}

TEST_CASE("a stream that runs ahead serves orders without another request") {
    llama far;
    guest here(far.url());
    static_cast<void>(here.wait<drafter_back>());
    here.open({2});
    here.order(1, {2}, 1, 8, true);
    const auto ahead = following(2, 8);
    CHECK(here.drafted() == ahead);
    here.order(2, {2, ahead[0], ahead[1]}, 1, 4, true);
    CHECK(here.wait<draft_batch>().complete);
    CHECK(far.drafts == 1);
}

TEST_CASE("a server that cannot go on is away, with a sentence, and drafts again when it can") {
    llama far;
    guest here(far.url());
    static_cast<void>(here.wait<drafter_back>());
    const auto fails = [&](llama::mood how, const std::string& words) {
        here.open({2});
        far.now = how;
        here.order(1, {2}, 1, 5);
        CHECK_THAT(here.wait<drafter_away>().why, ContainsSubstring(words));
        CHECK(here.drafter->longest() == 0);
        here.order(2, {2}, 1, 5); // nobody is there: no answer, and no wait
        far.now = llama::mood::well;
        static_cast<void>(here.wait<drafter_back>());
        here.order(3, {2}, 1, 5);
        CHECK(here.wait<draft_lost>().epoch == 3); // it is a new acquaintance
        here.open({2});
        here.order(4, {2}, 1, 5);
        CHECK(here.drafted() == following(2, 5));
    };
    fails(llama::mood::stops_short, "");
    fails(llama::mood::babbles, "makes no sense");
    fails(llama::mood::dreams, "It drafted token 100, which a vocabulary of 100 tokens does not have.");
    fails(llama::mood::gone, "");
}

TEST_CASE("a server that is slow is left as soon as nobody waits for it") {
    llama far;
    guest here(far.url());
    static_cast<void>(here.wait<drafter_back>());
    far.now = llama::mood::waits;
    here.open({2});
    here.order(1, {2}, 1, 5);
    comes_true([&] { return far.drafts == 1; });
    far.now = llama::mood::well;
    here.order(2, {2, 9}, 1, 5); // a correction
    CHECK(here.drafted() == following(9, 5));
    comes_true([&] { return far.left == 1; });
    far.now = llama::mood::waits;
    here.order(3, {2, 9, 11}, 2, 5);
    comes_true([&] { return far.drafts == 3; });
    here.drafter->send(here.self, draft_close{1});
    comes_true([&] { return far.left == 2; });
}

TEST_CASE("a server of another vocabulary is told by its count, or by the ids of a text, and may come to fit") {
    llama far;
    far.tokens = 6400;
    guest here(far.url());
    CHECK(here.wait<drafter_away>().why ==
          "The draft 'small' (6400 tokens) and the target 'large' (100 tokens) have different vocabularies, so no draft could be "
          "verified. Choose a draft of the target's family.");
    far.tokens = n_vocab;
    far.shift = 1;
    CHECK(here.wait<drafter_away>().why ==
          "The draft 'small' and the target 'large' have different vocabularies, so no draft could be verified: token 0 of the text "
          "\"Once upon\" is id 80 there and id 79 in the target. Choose a draft of the target's family.");
    far.shift = 0;
    static_cast<void>(here.wait<drafter_back>());
}

TEST_CASE("an Ollama drafts by the text of its tokens, which are compared with the target's one by one") {
    ollama_server far;
    far.tokens = 32000;
    guest here(to_ollama(far.url()));
    CHECK(here.wait<drafter_away>().why ==
          "The draft 'small' (32000 tokens) and the target 'large' (100 tokens) have different vocabularies, so no draft could be "
          "verified. Choose a draft of the target's family.");
    far.odd = 99;
    far.tokens = n_vocab;
    CHECK(here.wait<drafter_away>().why ==
          "The draft 'small' and the target 'large' have different vocabularies, so no draft could be verified: token 99 is \" x\" "
          "there and \" t99\" in the target. Choose a draft of the target's family.");
    far.odd = -1;
    static_cast<void>(here.wait<drafter_back>());
    CHECK(here.drafter->longest() == 32);
    here.open({1, 2});
    here.order(1, {1, 2}, 2, 5);
    CHECK(here.drafted() == following(2, 5));
    here.order(2, {1, 2, 17, 50}, 2, 4);
    CHECK(here.drafted() == following(50, 4));
}

TEST_CASE("a target that does not say what its tokens stand for is not compared with an Ollama") {
    ollama_server far;
    auto silent = sample();
    silent.spelled.clear();
    const auto found = compare_vocabulary(*to_ollama(far.url()), "small", silent, 5s, {});
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == code::unavailable);
    CHECK(found.error().message == "The target 'large' did not say what its tokens stand for.");
}

TEST_CASE("a server is lent under the vocabulary that it was found to have, opens before it replies, and is away in words") {
    llama far;
    far.tokens = 6400;
    guest here(far.url());
    peer::lent_server lent("small", here.drafter, [] { return std::string("digest"); });
    std::mutex mutex;
    std::condition_variable arrived;
    std::vector<std::string> heard;
    const auto note = [&](std::string what) {
        const std::lock_guard lock(mutex);
        heard.push_back(std::move(what));
        arrived.notify_all();
    };
    const auto wait = [&](std::size_t n) {
        std::unique_lock lock(mutex);
        REQUIRE(arrived.wait_for(lock, 20s, [&] { return heard.size() >= n; }));
        return heard[n - 1];
    };
    auto seat = lent.sit();
    seat->listen({.opened = [&](const wire::channel_opened& what) {
                      note("opened " + what.engine.vocabulary + " " + std::to_string(what.engine.n_vocab) + " " +
                           std::to_string(what.engine.n_ctx));
                  },
                  .reply = [&](drafter_reply what) { note("reply " + std::to_string(std::get<draft_batch>(what).tokens.size())); },
                  .away = [&](const std::string& why) { note("away " + why); }});
    CHECK_THAT(wait(1), ContainsSubstring("away The draft 'small' (6400 tokens)"));
    far.tokens = n_vocab;
    CHECK(wait(2) == "opened digest 100 64");
    CHECK(lent.engine().n_vocab == n_vocab);
    seat->send(draft_open{1, {}, {1, 2}});
    seat->send(draft_order{.sequence = 1, .epoch = 1, .base = 2, .prefix = extend(empty_prefix, ids{1, 2}), .want = 3});
    CHECK(wait(3) == "reply 3");
    far.now = llama::mood::dreams;
    seat->send(draft_order{.sequence = 1, .epoch = 2, .base = 3, .prefix = extend(empty_prefix, ids{1, 2, 5}), .tail = {5}, .want = 3});
    CHECK_THAT(wait(4), ContainsSubstring("away It drafted token 100"));
    seat.reset();
}

TEST_CASE("the last owner of a drafter may be the one that is told that it is away") {
    llama far;
    far.tokens = 1;
    auto server = to_llama(far.url());
    const auto told = std::make_shared<std::promise<void>>();
    {
        auto drafter = server_drafter::make("small", server, [server](const std::stop_token& stop) {
            return compare_vocabulary(*server, "small", sample(), 5s, stop);
        });
        auto* whose = drafter.get();
        auto kept = std::make_shared<std::shared_ptr<server_drafter>>(std::move(drafter));
        const auto id = std::make_shared<server_drafter::guest_id>(0);
        std::promise<void> known;
        auto ready = known.get_future().share();
        *id = whose->enter([kept, id, ready, told](const drafter_event&) {
            ready.wait();
            (*kept)->leave(*id);
            kept->reset();
            told->set_value();
        });
        kept.reset();
        known.set_value();
    }
    CHECK(told->get_future().wait_for(20s) == std::future_status::ready);
}
