// What a server's continuation of token ids is read with, and where its tokens go (abi/draft/continuation.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tightwad/abi/draft/continuation.h>
#include <tightwad/sdk/answer_watch.hpp>

namespace tw::sdk {

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
template <class Self> class token_exchange final : public http_handler {
  public:
    token_exchange(const Self& self, const tw_token_sink* sink) : self_(self), out_(sink) {}

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
    typename Self::token_reader reader_;
};

} // namespace tw::sdk
