// Questions to a target on another machine: what is found there, who is not asked, and what becomes of them with the link.
#include <condition_variable>
#include <future>

#include "pipeline/replica_pipeline.hpp"
#include "unit/peer/harness.hpp"
#include "unit/pipeline/found.hpp"
#include "unit/pipeline/toy_chats.hpp"

using namespace tw;
using namespace tw::test;

namespace {

// A pipeline that keeps what it is asked until it is told what to reply; its door may be closed before.
struct patient final : tw::pipeline {
    struct open_question final : generation {
        std::atomic<bool> cancelled{false};
        void cancel() override { cancelled = true; }
    };
    std::string called = "patient";
    std::vector<std::string> serving{"patient"};
    const std::shared_ptr<open_question> running = std::make_shared<open_question>();
    std::atomic<int> starts{0}, at_door{0};
    std::mutex mutex;
    std::condition_variable opened;
    bool closed = false;
    std::vector<finding_function> asked;

    [[nodiscard]] const std::string& name() const override { return called; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return serving; }
    [[nodiscard]] nlohmann::json status() const override { return {}; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request, std::shared_ptr<generation_sink>) override {
        ++starts;
        return fail(code::busy, "It answers nobody.");
    }
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question, finding_function done) override {
        std::unique_lock lock(mutex);
        ++at_door;
        opened.wait(lock, [this] { return !closed; });
        asked.push_back(std::move(done));
        return running;
    }
    void close_door(bool close) {
        const std::lock_guard lock(mutex);
        closed = close;
        opened.notify_all();
    }
    std::size_t questions() {
        const std::lock_guard lock(mutex);
        return asked.size();
    }
    void reply(std::size_t to, result<finding> what) {
        finding_function done;
        {
            const std::lock_guard lock(mutex);
            done = asked.at(to);
        }
        done(std::move(what));
    }
};

struct asking {
    std::future<result<finding>> reply;
    std::shared_ptr<generation> running;

    asking(tw::pipeline& at, question what) {
        const auto heard = std::make_shared<std::promise<result<finding>>>();
        auto begun = at.ask(std::move(what), [heard](result<finding> got) { heard->set_value(std::move(got)); });
        REQUIRE(begun.has_value());
        running = std::move(*begun);
        reply = heard->get_future();
    }
    result<finding> end() {
        REQUIRE(reply.wait_for(20s) == std::future_status::ready);
        return reply.get();
    }
};

std::shared_ptr<patient> serve_patient(machine& at) {
    auto made = std::make_shared<patient>();
    at.host->serve({toy_pipeline().engine("big"), made, {}, {}});
    return made;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a target on another machine finds what one here finds") {
    const auto here = toy_chats(), there = toy_chats();
    machine den("den");
    den.host->serve({describe(there->target(), "big"), there, {}, {}});
    const auto remote = pipeline_at(link_to(den.port()));
    for (const auto& asked : {tokenize_question{.text = "<s>ab\n", .special = true, .bos = true},
                              tokenize_question{.text = "<s>ab", .special = false, .bos = false}, tokenize_question{}}) {
        const auto a = std::get<token_list>(*found(*here, asked)), b = std::get<token_list>(*found(*remote, asked));
        CHECK(a.ids == b.ids);
        CHECK(a.pieces == b.pieces);
    }
    CHECK(std::get<detokenized>(*found(*remote, detokenize_question{{0, 29, 30, 31, 29}})).text == "<s>€\uFFFD");
    const auto near = std::get<model_properties>(*found(*here, properties_question{}));
    const auto far = std::get<model_properties>(*found(*remote, properties_question{}));
    CHECK(far.context == 256);
    CHECK(far.slots == near.slots);
    CHECK(far.model == near.model);
    CHECK(far.build == near.build);
    CHECK(far.chat_template == near.chat_template);
    CHECK(far.bos == "<s>");
    CHECK(far.calls_tools == near.calls_tools);

    generation_request chat;
    chat.input = std::vector<chat_message>{{"system", "be\nbrief"}, {"user", "hello</s>"}};
    chat.max_tokens = 3;
    const auto counted = std::get<token_count>(*found(*remote, count_question{chat})).tokens;
    CHECK(counted == static_cast<std::int64_t>(here->prompt_tokens(chat).value().size()));
    CHECK(counted == run(*remote, chat).outcome.prompt_tokens);
    for (int form = 0; form < 2; ++form) {
        if (form == 0) chat.input = "abc";
        else chat.input = token_ids{0, 2, 3};
        CHECK(std::get<token_count>(*found(*remote, count_question{chat})).tokens == (form == 0 ? 4 : 3));
    }
    CHECK(remote->running() == 0);
}

TEST_CASE("what the far target refuses is refused here, in its words") {
    const auto here = toy_chats(), there = toy_chats();
    machine den("den");
    den.host->serve({describe(there->target(), "big"), there, {}, {}});
    const auto remote = pipeline_at(link_to(den.port()));
    CHECK(found(*remote, detokenize_question{{2, 32}}).error().param == "tokens[1]");
    generation_request chat;
    chat.input = std::vector<chat_message>{{"user", std::string(100'000, 'a')}};
    const auto longer = found(*remote, count_question{chat}).error();
    CHECK(longer.code == code::context_overflow);
    CHECK(longer.message == found(*here, count_question{chat}).error().message);
    chat.input = std::vector<chat_message>{{"user", "hello"}};
    chat.tools.functions = R"([{"type":"function","function":{"name":"f"}}])";
    const auto tools = found(*remote, count_question{chat}).error();
    CHECK(tools.param == "tools");
    CHECK(tools.message == found(*here, count_question{chat}).error().message);
    chat.tools.functions = "{}";
    CHECK(found(*remote, count_question{chat}).error().message == "The asking host sent functions that are no JSON array.");
}

TEST_CASE("what does not cross is refused before anybody is asked") {
    machine den("den");
    const auto theirs = serve_patient(den);
    const auto remote = pipeline_at(link_to(den.port()));
    CHECK(found(*remote, embed_question{{"a"}}).error().message ==
          "Embeddings are not served here: the model of the pipeline 'chat' is on another machine.");
    CHECK(found(*remote, rerank_question{"a", {"b"}}).error().code == code::unsupported);
    generation_request chat;
    chat.input = std::vector<chat_message>{{.role = "user", .content = "", .parts = R"([{"type":"image_url"}])"}};
    CHECK(found(*remote, count_question{chat}).error().param == "messages");
    chat.input = std::vector<chat_message>(5000);
    CHECK(contains(found(*remote, count_question{chat}).error().message, "A frame of kind ask cannot be sent: \"messages\""));
    CHECK(found(*remote, tokenize_question{std::string(9U << 20U, 'a')}).error().code == code::invalid_argument);
    CHECK(theirs->at_door.load() == 0);
    CHECK(remote->running() == 0);
}

TEST_CASE("a peer that is too old is not asked, and its link stands") {
    auto before = test::hello_of("den");
    before.protocol = {wire::our_protocol.major_number, 0};
    before.tightwad = "0.0.9";
    machine den(before), cellar("cellar");
    den.serve_target();
    const auto theirs = serve_patient(cellar);
    const auto peer = link_to(den.port());
    const auto old = pipeline_at(peer), newer = pipeline_at(link_to(cellar.port()));
    const auto refused = found(*old, count_question{request(1)}).error();
    CHECK(refused.code == code::unsupported);
    CHECK(refused.message == "Counts of tokens are not served here: the peer at " + peer->url() + " runs Tightwad 0.0.9, which is "
                             "too old to be asked; update it. Ask for an answer, whose usage has the count.");
    CHECK(run(*old, request(1)).outcome.reason != finish_reason::failed);
    CHECK(peer->now() == peer_link::state::up);
    replica_pipeline both("chat", {"m"}, {{"old", old, [old] { return old->is_up(); }, {}}, {"new", newer, [newer] { return newer->is_up(); }, {}}},
                          failover::same_bytes);
    asking one(both, properties_question{});
    REQUIRE(comes_true([&] { return theirs->questions() == 1; }));
    theirs->reply(0, model_properties{.context = 7});
    CHECK(std::get<model_properties>(*one.end()).context == 7);
}

TEST_CASE("a question whose link is lost is unavailable, and the next one is answered") {
    machine den("den");
    const auto theirs = serve_patient(den);
    relay between(den.port());
    const auto remote = pipeline_at(link_to(between.port()));
    asking lost(*remote, tokenize_question{"a"});
    REQUIRE(comes_true([&] { return theirs->questions() == 1; }));
    CHECK(remote->running() == 1);
    between.cut();
    const auto got = lost.end();
    REQUIRE(got.has_error());
    CHECK(got.error().code == code::unavailable);
    CHECK(got.error().retry_after == 1s);
    CHECK(contains(got.error().message, "was lost while it answered"));
    CHECK(comes_true([&] { return theirs->running->cancelled.load(); }));
    theirs->reply(0, token_list{}); // nobody hears it
    REQUIRE(comes_true([&] { return remote->is_up(); }));
    asking next(*remote, tokenize_question{"a"});
    REQUIRE(comes_true([&] { return theirs->questions() == 2; }));
    theirs->reply(1, token_list{{2}, {"a"}});
    CHECK(std::get<token_list>(*next.end()).ids == token_ids{2});
    CHECK(remote->running() == 0);
}

TEST_CASE("a host that stops, and a pipeline that goes, leave no question without a reply") {
    auto den = std::make_unique<machine>("den");
    const auto theirs = serve_patient(*den);
    auto remote = pipeline_at(link_to(den->port()));
    asking gone(*remote, properties_question{});
    REQUIRE(comes_true([&] { return theirs->questions() == 1; }));
    remote.reset();
    CHECK(gone.end().error().code == code::cancelled);
    remote = pipeline_at(link_to(den->port()));
    asking stopped(*remote, properties_question{});
    REQUIRE(comes_true([&] { return theirs->questions() == 2; }));
    den.reset();
    CHECK(stopped.end().error().code == code::unavailable);
    CHECK(found(*remote, properties_question{}).error().code == code::unavailable);
}

TEST_CASE("a question can be cancelled from here; one that has not begun does not begin, and holds up no answer") {
    machine den("den");
    const auto theirs = serve_patient(den);
    const auto remote = pipeline_at(link_to(den.port()));
    theirs->close_door(true);
    asking first(*remote, tokenize_question{"a"});
    REQUIRE(comes_true([&] { return theirs->at_door == 1; }));
    asking second(*remote, tokenize_question{"b"});
    second.running->cancel();
    const auto sink = std::make_shared<collected>();
    REQUIRE(remote->start(request(1), sink).has_value());
    CHECK(end_of(*sink).outcome.failure->message == "It answers nobody.");
    CHECK(theirs->starts.load() == 1); // so the cancelling has arrived
    theirs->close_door(false);
    CHECK(second.end().error().code == code::cancelled);
    CHECK(theirs->questions() == 1);
    first.running->cancel();
    CHECK(comes_true([&] { return theirs->running->cancelled.load(); }));
    theirs->reply(0, fail(code::cancelled, "As asked."));
    CHECK(first.end().error().message == "As asked.");
}

TEST_CASE("a reply that is too long is told in words, and one to another question ends the link") {
    machine den("den");
    const auto theirs = serve_patient(den);
    const auto remote = pipeline_at(link_to(den.port()));
    asking much(*remote, detokenize_question{{2}});
    REQUIRE(comes_true([&] { return theirs->questions() == 1; }));
    theirs->reply(0, detokenized{std::string(wire::max_frame_bytes + 1, 'x')});
    const auto longer = much.end().error();
    CHECK(longer.code == code::invalid_argument);
    CHECK(longer.message == "The reply is too long for another machine; ask about less at a time. A frame of kind found cannot be sent: "
                            "\"text\" is negative or over its limit of 8388608.");
    CHECK(remote->is_up());
    asking other(*remote, tokenize_question{"a"});
    REQUIRE(comes_true([&] { return theirs->questions() == 2; }));
    theirs->reply(1, token_count{3});
    const auto wrong = other.end().error();
    CHECK(wrong.code == code::unavailable);
    CHECK(contains(wrong.message, "The peer replied to a question of kind 0 with what belongs to kind 3."));
    CHECK(comes_true([&] { return remote->is_up(); }));
}
