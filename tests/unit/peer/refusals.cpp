// Those that do not go together are told why, in a sentence; those that speak nonsense too.
#include "unit/peer/harness.hpp"

using namespace tw;
using namespace tw::test;

namespace {

std::string refused_with(const std::shared_ptr<peer_link>& peer) {
    REQUIRE(comes_true([&] { return peer->now() == peer_link::state::refused; }));
    return peer->why();
}

// A caller that says what it likes, and what it heard.
struct stranger {
    explicit stranger(std::uint16_t port) {
        auto opened = net::connection::open(to(port), {.up = [this] { ups = ups + 1; },
                                                       .down = [](const error&) {},
                                                       .message = [this](std::string_view bytes) {
                                                           auto got = wire::decode(bytes);
                                                           const std::lock_guard lock(mutex);
                                                           if (got) heard.push_back(std::move(got->body));
                                                       }});
        REQUIRE(opened.has_value());
        link = std::move(*opened);
        REQUIRE(comes_true([this] { return ups > 0; }));
    }
    ~stranger() { link.reset(); }

    void say(std::uint32_t channel, const wire::message& body) { link->send(wire::encode(channel, body).value()); }
    template <class Message> bool has_heard() {
        const std::lock_guard lock(mutex);
        return std::ranges::any_of(heard, [](const auto& each) { return std::holds_alternative<Message>(each); });
    }
    std::string farewell() {
        REQUIRE(comes_true([this] { return has_heard<wire::goodbye>(); }));
        const std::lock_guard lock(mutex);
        for (const auto& each : heard)
            if (const auto* said = std::get_if<wire::goodbye>(&each)) return said->why;
        return {};
    }

    std::atomic<int> ups{0};
    std::mutex mutex;
    std::vector<wire::message> heard;
    std::unique_ptr<net::connection> link;
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a wrong token is refused in words") {
    machine den("den");
    auto made = peer_link::open(to(den.port(), "guess"), hello_of("caller"));
    REQUIRE(made.has_value());
    CHECK(contains(refused_with(*made), "token"));
    CHECK((*made)->status()["state"] == "refused");
}

TEST_CASE("another version of the protocol is refused by both, with both versions in the sentence") {
    auto newer = hello_of("den");
    newer.protocol = {wire::our_protocol.major_number + 1, 0};
    newer.tightwad = "9.9";
    machine den(newer);
    CHECK(contains(refused_with(link_to(den.port())), "speaks protocol"));
    machine old("old");
    CHECK(contains(refused_with(link_to(old.port(), newer)), "update the older of the two"));
}

TEST_CASE("another sampler is refused, and the sentence arrives") {
    auto other = hello_of("den");
    other.sampler = sampler_revision + 1;
    machine den(other);
    const auto why = refused_with(link_to(den.port()));
    CHECK(contains(why, "sampler revision"));
}

TEST_CASE("a drafter of another vocabulary is refused with the models' names, one that lies with the numbers") {
    machine den("den");
    den.serve_drafter(R"({"other_vocabulary":true})", "strange");
    auto service = std::make_shared<drafter_service>(toy_model());
    auto liar = describe(service->model(), "liar");
    liar.n_vocab = 99;
    den.host->serve(std::make_shared<local_drafter>(liar, service));
    const auto peer = link_to(den.port());
    const auto reason = [&](const std::string& name) {
        draft_inbox inbox;
        remote_drafter drafter(peer_link::channels(peer), name, describe(*toy_model(), "big"), inbox, 0);
        std::string why;
        CHECK(comes_true([&] {
            for (auto& each : inbox.take())
                if (const auto* failed = std::get_if<drafter_failed>(&each.reply)) why = failed->why;
            return !why.empty();
        }));
        CHECK(drafter.longest() == 0);
        return why;
    };
    CHECK(contains(reason("strange"), "The peer's model \"strange\" has another vocabulary"));
    CHECK(contains(reason("liar"), "99 tokens instead of 32"));
    CHECK(comes_true([&] { return service->guests() == 0; }));
}

TEST_CASE("a drafter that is not there is away, with the reason") {
    machine den("den");
    const auto peer = link_to(den.port());
    draft_inbox inbox;
    remote_drafter drafter(peer_link::channels(peer), "small", describe(*toy_model(), "big"), inbox, 0);
    std::string why;
    CHECK(comes_true([&] {
        for (auto& each : inbox.take())
            if (const auto* away = std::get_if<drafter_away>(&each.reply)) why = away->why;
        return !why.empty();
    }));
    CHECK(why == "This machine has no drafter \"small\" loaded.");
    den.serve_drafter();
    CHECK(comes_true([&] { return drafter.longest() > 0; })); // it is asked again every 5 s
}

TEST_CASE("without a name the only engine of the role is meant; of several the refusal names all") {
    machine den("den");
    den.serve_drafter();
    den.serve_target();
    const auto peer = link_to(den.port());
    toy_pipeline local;
    {
        draft_inbox inbox;
        const remote_drafter drafter(peer_link::channels(peer), "", describe(*toy_model(), "big"), inbox, 0);
        CHECK(comes_true([&] { return drafter.longest() > 0; }));
        remote_pipeline remote({"chat", {"m"}, peer, "", {}});
        REQUIRE(comes_true([&] { return remote.is_up(); }));
        CHECK(remote.remote()->name == "big");
        CHECK(run(remote, request(1)).outcome.tokens == run(local, request(1)).outcome.tokens);
    }
    den.serve_drafter("{}", "tiny");
    den.serve_target("{}", "huge");
    draft_inbox inbox;
    remote_drafter unnamed(peer_link::channels(peer), "", describe(*toy_model(), "big"), inbox, 0);
    std::string why;
    CHECK(comes_true([&] {
        for (auto& each : inbox.take())
            if (const auto* away = std::get_if<drafter_away>(&each.reply)) why = away->why;
        return !why.empty();
    }));
    CHECK(why == "This machine has 2 drafters loaded; say with `model` which of them is meant: \"small\", \"tiny\".");
    remote_pipeline remote({"chat", {"m"}, peer, "", {}});
    std::string refused;
    CHECK(comes_true([&] {
        const auto started = remote.start(request(1), std::make_shared<collected>());
        if (!started) refused = started.error().message;
        return contains(refused, "2 targets");
    }));
    CHECK(contains(refused, "\"big\", \"huge\""));
}

TEST_CASE("nonsense ends the link with one sentence, and the host goes on") {
    machine den("den");
    den.serve_drafter();
    const auto hello = hello_of("stranger");
    {
        stranger early(den.port());
        early.say(0, wire::ping{1});
        CHECK(contains(early.farewell(), "a hello must come first"));
    }
    {
        stranger garbled(den.port());
        garbled.say(0, hello);
        garbled.link->send("\x7F\x01");
        CHECK(contains(garbled.farewell(), "kind 0x7f"));
    }
    {
        stranger lost(den.port());
        lost.say(0, hello);
        lost.say(7, draft_close{1});
        CHECK(contains(lost.farewell(), "names channel 7, which is not open"));
    }
    {
        stranger twice(den.port());
        twice.say(0, hello);
        twice.say(0, hello);
        CHECK(contains(twice.farewell(), "second hello"));
    }
    {
        stranger even(den.port());
        even.say(0, hello);
        even.say(2, wire::open_channel{"small", wire::role::drafter, {}});
        CHECK(contains(even.farewell(), "Channel 2"));
    }
    {
        stranger out(den.port());
        out.say(0, hello);
        out.say(1, wire::open_channel{"small", wire::role::drafter, {}});
        out.say(1, draft_open{1, {}, {0, 2, 5000}});
        CHECK(contains(out.farewell(), "does not have; its ids run from 0 to 31"));
    }
    {
        stranger mixed(den.port());
        mixed.say(0, hello);
        mixed.say(1, wire::open_channel{"small", wire::role::drafter, {}});
        mixed.say(1, wire::submit{1, {}});
        CHECK(contains(mixed.farewell(), "submit came on a channel opened as drafter"));
    }
    {
        stranger curious(den.port());
        curious.say(0, hello);
        curious.say(1, wire::open_channel{"small", wire::role::drafter, {}});
        curious.say(1, wire::ask{1, tokenize_question{"a"}});
        CHECK(contains(curious.farewell(), "ask came on a channel opened as drafter"));
    }
    {
        stranger asking(den.port());
        asking.say(0, hello);
        asking.say(1, wire::ask{1, tokenize_question{"a"}});
        CHECK(contains(asking.farewell(), "names channel 1, which is not open"));
    }
    const auto peer = link_to(den.port());
    CHECK(comes_true([&] { return peer->now() == peer_link::state::up; }));
    CHECK(comes_true([&] { return den.host->sessions() == 1; }));
}
