// Answers of servers, written down beforehand: what fake_host's HTTP service plays back.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tightwad/abi/host/http.h>

namespace tw::testkit {

struct scripted_answer {
    std::int32_t status = 200;
    std::vector<std::string> pieces{}; // of the body, one chunk each
    std::int64_t retry_after_ms = 0;
    tw_code failure = TW_OK; // how it ends; TW_OK = whole
    std::string sentence{};
    std::vector<std::pair<std::string, std::string>> headers{}; // names in lower case

    // `body` in two pieces, cut before byte `at`.
    [[nodiscard]] static scripted_answer cut(std::string_view body, std::size_t at) {
        scripted_answer out;
        out.pieces = {std::string(body.substr(0, at)), std::string(body.substr(at))};
        return out;
    }
};

struct seen_request {
    std::string method, url, body;
    std::vector<std::pair<std::string, std::string>> headers;
    std::uint32_t flags = 0;
};

// Any thread. Answers are used up in order; a request beyond them finds nobody there.
class scripted_http {
  public:
    void add(scripted_answer answer) {
        const std::lock_guard guard(lock_);
        answers_.push_back(std::move(answer));
    }
    [[nodiscard]] std::vector<seen_request> seen() const {
        const std::lock_guard guard(lock_);
        return seen_;
    }

    // One request and its answer, played by run() on a thread of the host.
    struct delivery {
        scripted_answer answer;
        const tw_http_events* events = nullptr;

        static void run(void* arg) {
            const std::unique_ptr<delivery> self(static_cast<delivery*>(arg));
            self->play();
        }
        void play() const {
            tw_error problem{};
            problem.size = sizeof problem;
            problem.code = answer.failure;
            answer.sentence.copy(problem.message, sizeof problem.message - 1);
            if (!answer.pieces.empty() || answer.failure == TW_OK) {
                std::vector<tw_http_header> headers;
                for (const auto& [name, value] : answer.headers)
                    headers.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
                const tw_http_head head{sizeof(tw_http_head), answer.status, headers.data(), headers.size(), answer.retry_after_ms};
                events->head(events, &head);
            }
            for (const auto& piece : answer.pieces) {
                if (events->cancelled != nullptr && events->cancelled(events) != 0) {
                    problem.code = TW_CANCELLED;
                    break;
                }
                if (!piece.empty()) events->chunk(events, {piece.data(), piece.size()});
            }
            events->done(events, problem.code == TW_OK ? nullptr : &problem);
        }
    };
    [[nodiscard]] std::unique_ptr<delivery> take(const tw_http_request& request, const tw_http_events* events) {
        const auto text = [](tw_str from) { return std::string(from.data == nullptr ? "" : from.data, from.size); };
        seen_request one{text(request.method), text(request.url), text(request.body), {}, request.flags};
        for (std::size_t i = 0; i < request.n_headers; ++i)
            one.headers.emplace_back(text(request.headers[i].name), text(request.headers[i].value));
        const std::lock_guard guard(lock_);
        seen_.push_back(std::move(one));
        auto out = std::make_unique<delivery>();
        out->events = events;
        if (answers_.empty()) {
            out->answer.failure = TW_UNAVAILABLE;
            out->answer.sentence = "Nothing answers there.";
        } else {
            out->answer = std::move(answers_.front());
            answers_.pop_front();
        }
        return out;
    }

  private:
    mutable std::mutex lock_;
    std::deque<scripted_answer> answers_;
    std::vector<seen_request> seen_;
};

} // namespace tw::testkit
