// What a server's continuation of token ids is read with, and where its tokens go (abi/draft/continuation.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tightwad/abi/draft/continuation.h>
#include <tightwad/sdk/answer_watch.hpp>
#include <tightwad/sdk/json.hpp>

namespace tw::sdk {

// What goes on from tokens: the request, and what its answer is read with.
template <class Reader> struct token_request {
    http_request request;
    Reader reader;
};

// Of {"top_logprobs": [{"logprob"}, …]}, the likeliest first; as tw_continued has it.
[[nodiscard]] inline float margin_of(const json::value& token) {
    const auto top = token.find("top_logprobs", json::kind::array);
    const auto best = top ? top->elements() : std::vector<json::value>();
    if (best.size() < 2) return -1;
    const auto first = best[0].find("logprob", json::kind::number), second = best[1].find("logprob", json::kind::number);
    return first && second ? static_cast<float>(std::max(0.0, first->as_number() - second->as_number())) : -1;
}

// Belongs to the request's thread.
class token_answer {
  public:
    explicit token_answer(const tw_token_sink* sink) : sink_(sink) {}

    // `margin` as tw_continued has it.
    void emit(std::int32_t token, float margin) const {
        const tw_continued one{token, margin};
        sink_->emit(sink_, &one, 1);
    }
    [[nodiscard]] bool cancelled() const { return sink_->cancelled(sink_) != 0; }
    void done(const tw_error* error) const { sink_->done(sink_, error); }

  private:
    const tw_token_sink* sink_;
};

// One request of a server_backend with continuations, and its answer.
template <class Self, class Reader> class token_exchange final : public http_handler {
  public:
    token_exchange(const Self& self, const tw_token_sink* sink, Reader reader)
        : self_(self), out_(sink), reader_(std::move(reader)) {}

    void head(const http_head& head) override { server_.begin(head); }
    void chunk(std::string_view bytes) override {
        if (over()) return;
        if (!server_.good()) return server_.refuse(bytes);
        if (out_.cancelled()) throw failure{TW_CANCELLED, "Nobody waits for these tokens any more."};
        reader_.feed(bytes, out_);
        if (reader_.finished()) server_.finish();
        if (reader_.cut()) throw failure{TW_CANCELLED, "What follows is of no use."};
    }
    [[nodiscard]] bool cancelled() override { return out_.cancelled() || server_.lingers(); }
    void done(std::optional<failure> problem) override {
        tw_error told{};
        told.size = sizeof told;
        const auto code = detail::guarded(&told, [&] {
            if (over()) return;
            if (problem) throw failure(*problem);
            if (!server_.good()) throw server_.refusal(self_);
            reader_.end();
        });
        out_.done(code == TW_OK ? nullptr : &told); // the instance may be gone when this returns
    }

  private:
    [[nodiscard]] bool over() const { return reader_.finished() || reader_.cut(); }

    const Self& self_;
    const token_answer out_;
    answer_watch server_;
    Reader reader_;
};

} // namespace tw::sdk
