// A plugin for servers on the testkit's host, with the servers' answers written down.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include <tightwad/abi/draft/continuation.h>
#include <tightwad/abi/ext/backend.h>
#include <tightwad/abi/ext/pass.h>
#include <tightwad/abi/ext/question.h>
#include <tightwad/sdk/error.hpp>
#include <tightwad/testkit/fake_host.hpp>
#include <tightwad/testkit/recorder.hpp>

namespace tw::test {

struct outcome {
    std::string text, sentence;
    testkit::recorder::ending end;
    std::string beside{}; // calls of tools and the like, a line each

    bool operator==(const outcome&) const = default;
};

// What came of a request to go on from token ids.
struct continued {
    std::vector<std::int32_t> tokens;
    std::vector<float> margins; // as many
    std::string sentence;
    tw_code code = TW_INTERNAL;

    bool operator==(const continued&) const = default;
};

// `at_start`: the answers to what the instance asks when it is made.
template <class Server> class played {
  public:
    explicit played(const std::string& table, std::vector<testkit::scripted_answer> at_start = {},
                    std::map<std::string, std::string> secrets = {}) {
        host.secrets = std::move(secrets);
        for (auto& one : at_start) host.servers.add(std::move(one));
        tw_error problem{};
        problem.size = sizeof problem;
        code = api().create(host.abi(), {table.data(), table.size()}, &self_, &problem);
        sentence = problem.message;
    }
    ~played() {
        static_cast<void>(host.drain(std::chrono::seconds{20}));
        if (self_ != nullptr) api().destroy(self_);
    }
    played(const played&) = delete;
    played& operator=(const played&) = delete;

    // One request, met by `answer`.
    outcome ask(std::string_view body, testkit::scripted_answer answer) {
        host.servers.add(std::move(answer));
        testkit::recorder heard;
        tw_error problem{};
        problem.size = sizeof problem;
        REQUIRE(self_ != nullptr);
        const auto begun = api().start(self_, {body.data(), body.size()}, heard.sink(), &problem);
        if (begun != TW_OK) return {"", problem.message, {begun, TW_FINISH_STOP, -1, -1, problem.retry_after_ms}};
        REQUIRE(heard.wait_done(std::chrono::seconds{20}));
        REQUIRE(host.drain(std::chrono::seconds{20})); // done has returned, and what it held is gone
        CHECK(heard.faults().empty());
        return {heard.text(), heard.failure().value_or(""), heard.end(), heard.beside()};
    }
    // The same outcome wherever the body is cut in two, and when it comes byte by byte.
    outcome ask_split(std::string_view body, std::string_view reply) {
        testkit::scripted_answer single;
        for (const char byte : reply) single.pieces.emplace_back(1, byte);
        const auto expected = ask(body, std::move(single));
        for (std::size_t at = 0; at <= reply.size(); ++at) {
            INFO("cut before byte " << at);
            REQUIRE(ask(body, testkit::scripted_answer::cut(reply, at)) == expected);
        }
        return expected;
    }
    // One question, met by `answer`; its reply, or the sentence.
    outcome question(std::string_view what, std::string_view body, testkit::scripted_answer answer) {
        host.servers.add(std::move(answer));
        const auto& questions = *static_cast<const tw_question_v1*>(Server::template query<Server>(TW_QUESTION_V1));
        outcome heard;
        const tw_reply reply{.size = sizeof(tw_reply),
                             .ctx = &heard,
                             .done = [](const tw_reply* self, tw_str json, const tw_error* error) {
                                 auto& to = *static_cast<outcome*>(self->ctx);
                                 if (json.size > 0) to.text.assign(json.data, json.size);
                                 if (error != nullptr) to.sentence = error->message, to.end.code = error->code;
                                 else to.end.code = TW_OK;
                             },
                             .cancelled = [](const tw_reply*) -> std::int32_t { return 0; }};
        tw_error problem{};
        problem.size = sizeof problem;
        REQUIRE(self_ != nullptr);
        heard.end.code = TW_INTERNAL; // until it is heard
        const auto begun = questions.start(self_, {what.data(), what.size()}, {body.data(), body.size()}, &reply, &problem);
        if (begun != TW_OK) return {"", problem.message, {begun, TW_FINISH_STOP, -1, -1, 0}};
        REQUIRE(host.drain(std::chrono::seconds{20}));
        return heard;
    }
    // A request that is passed on, met by `answer`: the bytes of its answer, or the sentence; `beside` has the head.
    outcome pass(const tw_pass_request& request, testkit::scripted_answer answer) {
        host.servers.add(std::move(answer));
        const auto& passing = *static_cast<const tw_pass_v1*>(Server::template query<Server>(TW_PASS_V1));
        outcome heard;
        const tw_pass_sink sink{.size = sizeof(tw_pass_sink),
                                .ctx = &heard,
                                .head = [](const tw_pass_sink* self, const tw_http_head* head) {
                                    auto& to = static_cast<outcome*>(self->ctx)->beside;
                                    to += std::to_string(head->status) + '\n';
                                    for (std::size_t i = 0; i < head->n_headers; ++i)
                                        to.append(sdk::view(head->headers[i].name)).append(": ").append(sdk::view(head->headers[i].value)) += '\n';
                                },
                                .bytes = [](const tw_pass_sink* self, tw_str piece) {
                                    static_cast<outcome*>(self->ctx)->text.append(sdk::view(piece));
                                },
                                .full = [](const tw_pass_sink*) -> std::int32_t { return 0; },
                                .cancelled = [](const tw_pass_sink*) -> std::int32_t { return 0; },
                                .done = [](const tw_pass_sink* self, const tw_error* error) {
                                    auto& to = *static_cast<outcome*>(self->ctx);
                                    to.end.code = error == nullptr ? tw_code{TW_OK} : error->code;
                                    if (error != nullptr) to.sentence = error->message;
                                }};
        tw_error problem{};
        problem.size = sizeof problem;
        REQUIRE(self_ != nullptr);
        heard.end.code = TW_INTERNAL; // until it is heard
        const auto begun = passing.start(self_, &request, &sink, &problem);
        if (begun != TW_OK) return {"", problem.message, {begun, TW_FINISH_STOP, -1, -1, 0}};
        REQUIRE(host.drain(std::chrono::seconds{20}));
        return heard;
    }

    // One request to go on from token ids, met by `answer`.
    continued go_on(const std::vector<std::int32_t>& prompt, std::uint32_t most, testkit::scripted_answer answer) {
        host.servers.add(std::move(answer));
        const auto& api = *static_cast<const tw_continuation_v1*>(Server::template query<Server>(TW_CONTINUATION_V1));
        continued heard;
        const tw_token_sink sink{.size = sizeof(tw_token_sink),
                                 .ctx = &heard,
                                 .emit = [](const tw_token_sink* self, const tw_continued* tokens, std::size_t n) {
                                     auto& to = *static_cast<continued*>(self->ctx);
                                     for (std::size_t i = 0; i < n; ++i) {
                                         to.tokens.push_back(tokens[i].token);
                                         to.margins.push_back(tokens[i].margin);
                                     }
                                 },
                                 .done = [](const tw_token_sink* self, const tw_error* error) {
                                     auto& to = *static_cast<continued*>(self->ctx);
                                     to.code = error != nullptr ? error->code : TW_OK;
                                     if (error != nullptr) to.sentence = error->message;
                                 },
                                 .cancelled = [](const tw_token_sink*) -> std::int32_t { return 0; }};
        const tw_continuation asked{sizeof(tw_continuation), most, prompt.data(), prompt.size()};
        tw_error problem{};
        problem.size = sizeof problem;
        REQUIRE(self_ != nullptr);
        if (const auto begun = api.start(self_, &asked, &sink, &problem); begun != TW_OK) return {{}, {}, problem.message, begun};
        REQUIRE(host.drain(std::chrono::seconds{20}));
        return heard;
    }
    // Valid until it is called again.
    [[nodiscard]] const testkit::seen_request& last() {
        last_ = host.servers.seen().back();
        return last_;
    }
    [[nodiscard]] std::string logged() const {
        std::string out;
        for (const auto& line : host.log()) out += line + '\n';
        return out;
    }

    testkit::fake_host host;
    tw_code code = TW_INTERNAL;
    std::string sentence;

  private:
    static const tw_backend_v1& api() {
        return *static_cast<const tw_backend_v1*>(Server::template query<Server>(TW_BACKEND_V1));
    }
    tw_backend* self_ = nullptr;
    testkit::seen_request last_;
};

[[nodiscard]] inline testkit::scripted_answer whole(std::string body, std::int32_t status = 200) {
    testkit::scripted_answer out;
    out.status = status;
    out.pieces = {std::move(body)};
    return out;
}

inline constexpr std::string_view sample_chat =
    R"({"messages":[{"role":"user","content":"Hi"}],"temperature":0.5,"seed":9223372036854775900,"max_tokens":9,"stop":["x"]})";
inline constexpr std::int64_t small_seed = 9223372036854775900U & 0x7FFFFFFFU;
inline constexpr std::uint32_t flags_of_cloud = TW_HTTP_OPERATORS_URL;
inline constexpr std::uint32_t flags_of_own_server = flags_of_cloud | TW_HTTP_REPEATABLE;
inline constexpr std::string_view sample_completion = R"({"prompt":"Once","seed":5,"top_k":40,"repeat_penalty":1.1})";

} // namespace tw::test
