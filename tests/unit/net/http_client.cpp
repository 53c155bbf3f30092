// The client against a scripted server: what works, what is kept, and every way in which a server can fail.
#include "net/http_client.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "harness.hpp"
#include "net/retry_after.hpp"
#include "support/scripted_server.hpp"

using namespace tw;
using namespace tw::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

// What came of one request.
class heard {
  public:
    net::web_events events() {
        return {.head = [this](const net::web_head& head) { with([&] { head_ = head; }); },
                .chunk = [this](std::string_view bytes) { with([&] { chunks_.emplace_back(bytes); }); },
                .cancelled = [this] { return gone.load(); },
                .done = [this](std::optional<error> problem) {
                    with([&] {
                        ++dones_;
                        problem_ = std::move(problem);
                    });
                }};
    }
    // Waits for the end, 20 s at most.
    void wait() {
        std::unique_lock guard(lock_);
        REQUIRE(changed_.wait_for(guard, 20s, [&] { return dones_ > 0; }));
        CHECK(dones_ == 1);
    }
    std::vector<std::string> wait_chunks(std::size_t count) {
        std::unique_lock guard(lock_);
        changed_.wait_for(guard, 20s, [&] { return chunks_.size() >= count; });
        return chunks_;
    }
    std::string body() {
        const std::lock_guard guard(lock_);
        std::string out;
        for (const auto& one : chunks_) out += one;
        return out;
    }
    error failure() {
        wait();
        return problem_.value_or(fail(code::internal, "it did not fail"));
    }
    [[nodiscard]] bool whole() {
        wait();
        if (problem_) UNSCOPED_INFO(problem_->message);
        return !problem_;
    }
    [[nodiscard]] const net::web_head& head() const { return head_; }

    std::atomic<bool> gone{false};

  private:
    template <class Change> void with(Change change) {
        const std::lock_guard guard(lock_);
        change();
        changed_.notify_all();
    }
    std::mutex lock_;
    std::condition_variable changed_;
    net::web_head head_;
    std::vector<std::string> chunks_;
    std::optional<error> problem_;
    int dones_ = 0;
};

net::web_request get(const std::string& url) {
    net::web_request out;
    out.url = url;
    out.author = net::url_author::operator_of_this_host;
    return out;
}

net::web_request post(const std::string& url, std::string body) {
    auto out = get(url);
    out.method = "POST";
    out.body = std::move(body);
    out.headers = {{"Content-Type", "application/json"}};
    return out;
}

void begin(net::http_client& client, net::web_request request, heard& answer) {
    const auto begun = client.start(std::move(request), answer.events());
    if (!begun) FAIL(begun.error().message);
}

// A request on a client of its own, to its end.
error failure_of(net::web_request request) {
    net::http_client client;
    heard answer;
    begin(client, std::move(request), answer);
    return answer.failure();
}

} // namespace

TEST_CASE("a question and its answer") {
    scripted_server server({replies(200, R"({"ok":true})", "X-Kind: test\r\n")});
    net::http_client client;
    heard answer;
    begin(client, post(server.url("/v1/x?y=1"), "{}"), answer);
    REQUIRE(answer.whole());
    CHECK(answer.head().status == 200);
    CHECK(answer.body() == R"({"ok":true})");
    bool found = false;
    for (const auto& [name, value] : answer.head().headers) found = found || (name == "x-kind" && value == "test");
    CHECK(found);
    const auto asked = server.requests().at(0);
    CHECK(asked.starts_with("POST /v1/x?y=1 HTTP/1.1\r\n"));
    CHECK_THAT(asked, ContainsSubstring("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") &&
                          ContainsSubstring("Content-Type: application/json\r\n") &&
                          ContainsSubstring("Content-Length: 2\r\n"));
}

TEST_CASE("a connection is kept and used again; one that its server closed is not") {
    scripted_server server({replies(200, "one"), replies(200, "two"), says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthree"),
                            replies(200, "four")});
    net::http_client client;
    for (const auto* body : {"one", "two", "three", "four"}) {
        heard answer;
        begin(client, get(server.url()), answer);
        REQUIRE(answer.whole());
        CHECK(answer.body() == body);
    }
    CHECK(server.connections() == 2);
    CHECK(comes_true([&] { return client.idle_connections() == 1; }));
}

TEST_CASE("each chunk is handed on before the next one comes") {
    std::atomic<int> released{0};
    scripted_server server({[&](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 3; ++i) {
            to.send("5\r\nhello\r\n");
            comes_true([&] { return released > i; });
        }
        to.send("0\r\n\r\n");
    }});
    net::http_client client;
    heard answer;
    begin(client, get(server.url()), answer);
    for (std::size_t i = 1; i <= 3; ++i) {
        CHECK(answer.wait_chunks(i).size() == i);
        ++released;
    }
    CHECK(answer.whole());
}

TEST_CASE("an answer is read whatever its framing and wherever it is split") {
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: t\r\n\r\n";
    const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
    const std::string until_end = "HTTP/1.1 200 OK\r\n\r\nhello world";
    for (const auto& bytes : {chunked, sized, until_end}) {
        std::atomic<std::size_t> cut{0};
        scripted_server server({[&](scripted_server::line& to, const std::string&) {
            const std::size_t at = cut;
            to.send(bytes.substr(0, at));
            std::this_thread::sleep_for(1ms); // so that the halves are read one by one, mostly
            to.send(bytes.substr(at));
        }});
        net::http_client client;
        for (; cut <= bytes.size(); ++cut) {
            INFO(cut.load());
            heard answer;
            begin(client, get(server.url()), answer);
            REQUIRE(answer.whole());
            REQUIRE(answer.body() == "hello world");
        }
    }
}

TEST_CASE("errors of a server are answers, with the advice when to come back") {
    scripted_server server({replies(429, R"({"error":"slow down"})", "Retry-After: 7\r\n"), replies(500, "no"), replies(200, "yes")});
    net::http_client client;
    heard limited, failed, good;
    begin(client, get(server.url()), limited);
    REQUIRE(limited.whole());
    CHECK(limited.head().status == 429);
    CHECK(limited.head().retry_after == 7s);
    begin(client, get(server.url()), failed);
    REQUIRE(failed.whole());
    CHECK(failed.head().status == 500);
    begin(client, get(server.url()), good);
    REQUIRE(good.whole());
    CHECK(good.body() == "yes");
}

TEST_CASE("a server that is not there") {
    const auto port = std::to_string(unused_port());
    const auto refused = failure_of(get("http://127.0.0.1:" + port));
    CHECK(refused.code == code::unavailable);
    CHECK(refused.message == "Nothing answers at http://127.0.0.1:" + port +
                                 " (connection refused); start that server, or correct url.");
    const auto unnamed = failure_of(get("http://no-such-name.invalid/"));
    CHECK(unnamed.code == code::unavailable);
    CHECK_THAT(unnamed.message, ContainsSubstring("The name no-such-name.invalid of the server at") && ContainsSubstring("has no address"));
}

TEST_CASE("a server that takes its time") {
    scripted_server mute({stalls()}), half({stalls("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")});
    auto request = get(mute.url());
    request.first_byte_timeout = 200ms;
    const auto slow = failure_of(request);
    CHECK(slow.code == code::timed_out);
    CHECK(slow.message == "The server at " + mute.url() + " did not begin to answer within 200 ms.");
    request = get(half.url());
    request.idle_timeout = 200ms;
    const auto stalled = failure_of(request);
    CHECK(stalled.code == code::timed_out);
    CHECK(stalled.message == "The server at " + half.url() + " sent no more of its answer within 200 ms.");
}

TEST_CASE("a head that comes a byte at a time has no longer than one that does not come") {
    scripted_server server({[](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\nX: ");
        while (to.send("x")) std::this_thread::sleep_for(50ms);
    }});
    auto request = get(server.url());
    request.first_byte_timeout = 300ms;
    const auto begun = std::chrono::steady_clock::now();
    const auto slow = failure_of(request);
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    CHECK(slow.code == code::timed_out);
    CHECK(slow.message == "The server at " + server.url() + " did not begin to answer within 300 ms.");
}

TEST_CASE("a server that talks nonsense, or too much") {
    const auto said = [](const std::string& bytes, std::size_t most = 1000) {
        scripted_server server({says(bytes)});
        auto request = get(server.url());
        request.max_body_bytes = most;
        return failure_of(request);
    };
    CHECK(said("SSH-2.0-OpenSSH\r\n\r\n").code == code::corrupt);
    CHECK_THAT(said("SSH-2.0-OpenSSH\r\n\r\n").message, ContainsSubstring("does not answer in HTTP/1.1"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").message, ContainsSubstring("sent a damaged answer"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello").message, ContainsSubstring("broke off in the middle"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nX: " + std::string(70000, 'x')).message, ContainsSubstring("head of more than 64 KiB"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n").message, ContainsSubstring("more than 1000 bytes"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')).message, ContainsSubstring("more than 1000 bytes"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n").message, ContainsSubstring("more than 1000 bytes"));
    CHECK_THAT(said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(200000, 'x')).message,
               ContainsSubstring("sent a damaged answer"));
}

TEST_CASE("an endless body ends at the limit") {
    scripted_server server({[](scripted_server::line& to, const std::string&) {
        to.send("HTTP/1.1 200 OK\r\n\r\n");
        const std::string block(65536, 'x');
        while (to.send(block)) {
        }
    }});
    auto request = get(server.url());
    request.max_body_bytes = 1U << 20U;
    const auto endless = failure_of(request);
    CHECK(endless.code == code::corrupt);
    CHECK_THAT(endless.message, ContainsSubstring("more than 1048576 bytes"));
}

TEST_CASE("interim answers are passed over, but not for ever") {
    scripted_server hints({says("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")});
    net::http_client client;
    heard answer;
    begin(client, get(hints.url()), answer);
    REQUIRE(answer.whole());
    CHECK(answer.body() == "ok");
    std::string endless;
    for (int i = 0; i < 100; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
    scripted_server stuck({says(endless)});
    CHECK_THAT(failure_of(get(stuck.url())).message, ContainsSubstring("never got beyond the interim status 100"));
}

TEST_CASE("redirects are not followed, neither to a private address nor elsewhere") {
    scripted_server secret({replies(200, "the metadata")});
    scripted_server server({replies(302, "", "Location: " + secret.url("/latest/meta-data") + "\r\n"),
                            replies(307, "", "Location: //elsewhere.example/\r\n")});
    const auto to_private = failure_of(get(server.url()));
    CHECK(to_private.code == code::unavailable);
    CHECK_THAT(to_private.message, ContainsSubstring("redirects to '" + secret.url("/latest/meta-data") + "' (HTTP status 302), which is not followed"));
    CHECK_THAT(failure_of(get(server.url())).message, ContainsSubstring("//elsewhere.example/"));
    CHECK(secret.connections() == 0);
}

TEST_CASE("a stranger's URL reaches nothing in the own network, whatever its form") {
    scripted_server server({replies(200, "secret")});
    const auto port = std::to_string(server.port());
    for (const auto& host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "127.1", "0"}) {
        INFO(host);
        auto request = get("http://" + std::string(host) + ":" + port);
        request.author = net::url_author::stranger;
        const auto refused = failure_of(request);
        CHECK(refused.code == code::unavailable);
        CHECK_THAT(refused.message, ContainsSubstring("is not asked: its address"));
    }
    CHECK_THAT(failure_of(get("http://169.254.169.254/latest/meta-data")).message, ContainsSubstring("link-local"));
    CHECK(server.connections() == 0);
}

TEST_CASE("a stranger's URL gets no connection that the operator's request left open") {
    scripted_server server({replies(200, "mine"), replies(200, "secret")});
    net::http_client client;
    heard own, again, strange;
    begin(client, get(server.url()), own);
    REQUIRE(own.whole());
    REQUIRE(comes_true([&] { return client.idle_connections() == 1; }));
    auto request = get(server.url());
    request.author = net::url_author::stranger;
    begin(client, request, strange);
    CHECK_THAT(strange.failure().message, ContainsSubstring("is not asked: its address"));
    CHECK(server.requests().size() == 1);
    begin(client, get(server.url()), again); // the operator still has it
    CHECK(again.whole());
    CHECK(server.connections() == 1);
}

TEST_CASE("what cannot be sent is refused at once") {
    net::http_client client;
    heard none;
    const auto refused = [&](net::web_request request) { return client.start(std::move(request), none.events()).error().message; };
    CHECK_THAT(refused(get("ftp://den")), ContainsSubstring("is no URL of a server"));
    auto request = get("http://den");
    request.headers = {{"Authorization", "Bearer a\r\nX: y"}};
    CHECK_THAT(refused(request), ContainsSubstring("The header Authorization of the request holds a control character"));
    CHECK(refused(request).find("Bearer") == std::string::npos);
    request.headers = {{"a b", "c"}};
    CHECK_THAT(refused(request), ContainsSubstring("a name that no header can have"));
    request = get("http://den");
    request.method = "DELETE";
    CHECK_THAT(refused(request), ContainsSubstring("GET or POST"));
}

TEST_CASE("only what may be sent twice is sent again") {
    const auto lost_once = [](scripted_server::line& to, const std::string&) { to.vanish(); };
    SECTION("a GET whose connection was reset before a byte came") {
        scripted_server server({lost_once, lost_once, replies(200, "third time")});
        net::http_client client;
        heard answer;
        begin(client, get(server.url()), answer);
        REQUIRE(answer.whole());
        CHECK(answer.body() == "third time");
    }
    SECTION("a POST that says so") {
        scripted_server server({lost_once, replies(200, "again")});
        net::http_client client;
        heard answer;
        auto request = post(server.url(), "{}");
        request.repeatable = true;
        begin(client, request, answer);
        REQUIRE(answer.whole());
        CHECK(server.requests().size() == 2);
    }
    SECTION("no other POST, and nothing whose answer had begun") {
        scripted_server server({lost_once});
        CHECK_THAT(failure_of(post(server.url(), "{}")).message, ContainsSubstring("closed the connection before it answered"));
        CHECK(server.requests().size() == 1);
        scripted_server begun({says("HTTP/1.1 200 OK\r\nContent-")});
        failure_of(get(begun.url()));
        CHECK(begun.requests().size() == 1);
    }
    SECTION("not for ever") {
        scripted_server server({lost_once});
        failure_of(get(server.url()));
        CHECK(server.requests().size() == 3);
    }
}

TEST_CASE("a request that nobody waits for ends") {
    for (int round = 0; round < 20; ++round) {
        scripted_server server({stalls(round % 2 == 0 ? "" : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")});
        net::http_client client;
        heard answer;
        begin(client, get(server.url()), answer);
        if (round % 2 == 1) answer.wait_chunks(1);
        answer.gone = true;
        CHECK(answer.failure().code == code::cancelled);
    }
}

TEST_CASE("a client that is dropped ends what runs") {
    for (int round = 0; round < 50; ++round) {
        scripted_server server({stalls("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")});
        std::vector<heard> all(8);
        {
            net::http_client client;
            for (auto& one : all) begin(client, get(server.url()), one);
            if (round % 2 == 0) all[0].wait_chunks(1);
        }
        for (auto& one : all) CHECK(one.failure().code == code::cancelled);
    }
}

TEST_CASE("hundreds of requests at once share the connections") {
    scripted_server server({replies(200, "ok")});
    net::http_client client;
    for (int round = 0; round < 3; ++round) {
        std::vector<heard> all(100);
        for (auto& one : all) begin(client, post(server.url(), "{}"), one);
        for (auto& one : all) {
            REQUIRE(one.whole());
            CHECK(one.body() == "ok");
        }
    }
    CHECK(server.requests().size() == 300);
    CHECK(client.idle_connections() <= 32);
}

TEST_CASE("no more is read while who listens is behind, and no limit runs meanwhile") {
    const std::string body(2U << 20U, 'x');
    scripted_server server({replies(200, body)});
    net::http_client client;
    std::atomic<int> asked{0};
    std::atomic<bool> behind{true};
    std::atomic<std::size_t> got{0};
    heard answer;
    auto events = answer.events();
    events.chunk = [&got, chunk = std::move(events.chunk)](std::string_view bytes) {
        got += bytes.size();
        chunk(bytes);
    };
    events.full = [&] {
        ++asked;
        return behind.load();
    };
    auto request = get(server.url());
    request.idle_timeout = 200ms;
    REQUIRE(client.start(request, std::move(events)).has_value());
    while (asked < 100) std::this_thread::sleep_for(1ms); // half a second and more
    CHECK(got < body.size());
    behind = false;
    REQUIRE(answer.whole());
    CHECK(answer.body() == body);

    heard left; // and nobody waits for ever
    auto never = left.events();
    never.full = [] { return true; };
    REQUIRE(client.start(get(server.url()), std::move(never)).has_value());
    left.gone = true;
    CHECK(left.failure().code == code::cancelled);
}

TEST_CASE("TLS: the certificate must be trusted, and made out for the name") {
    const temporary_folder folder;
    const auto right = (folder.path / "right.pem").string(), wrong = (folder.path / "wrong.pem").string();
    make_certificate(right, "DNS:localhost,IP:127.0.0.1");
    make_certificate(wrong, "DNS:elsewhere.example");
    scripted_server good({replies(200, "sealed")}, right), other({replies(200, "sealed")}, wrong), plain({replies(200, "open")});
    auto request = get(good.url("/", "https"));
    request.ca_file = right;
    net::http_client client;
    for (int i = 0; i < 2; ++i) {
        heard answer;
        begin(client, request, answer);
        REQUIRE(answer.whole());
        CHECK(answer.body() == "sealed");
    }
    CHECK(good.connections() == 1);
    request.url = "https://localhost:" + std::to_string(good.port());
    heard by_name;
    begin(client, request, by_name);
    CHECK(by_name.whole());

    request = get(other.url("/", "https"));
    request.ca_file = wrong;
    const auto mismatch = failure_of(request);
    CHECK(mismatch.code == code::unavailable);
    CHECK_THAT(mismatch.message, ContainsSubstring("shows a certificate that is not trusted for 127.0.0.1 (IP address mismatch)"));
    request.url = "https://localhost:" + std::to_string(other.port());
    CHECK_THAT(failure_of(request).message, ContainsSubstring("is not trusted for localhost (hostname mismatch)"));
    request.ca_file.clear();
    CHECK_THAT(failure_of(request).message, ContainsSubstring("not trusted"));
    CHECK(other.requests().empty());

    auto impatient = get(plain.url("/", "https"));
    impatient.connect_timeout = 300ms;
    CHECK(failure_of(impatient).code == code::timed_out);
    request.ca_file = (folder.path / "none.pem").string();
    CHECK_THAT(failure_of(request).message, ContainsSubstring("none.pem cannot be read"));
}

TEST_CASE("Retry-After: seconds, a date, or nothing") {
    const auto now = std::chrono::system_clock::from_time_t(784111777); // Sun, 06 Nov 1994 08:49:37 GMT
    CHECK(net::read_retry_after("3", now) == 3s);
    CHECK(net::read_retry_after("0.5", now) == 500ms);
    CHECK(net::read_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now) == 30s);
    CHECK(net::read_retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now) == 0s);
    CHECK(net::read_retry_after("1e300", now) == 24h);
    for (const auto* nothing : {"", "-5", "soon", "nan", "3 s", "Sunday"}) CHECK(net::read_retry_after(nothing, now) == 0s);
}
