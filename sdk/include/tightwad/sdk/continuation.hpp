// What a server's continuation of token ids is read with, and where its tokens go (abi/draft/continuation.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tightwad/abi/draft/continuation.h>
#include <tightwad/sdk/http.hpp>

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

    void head(const http_head& head) override { head_ = head; }
    void chunk(std::string_view bytes) override {
        if (over()) return;
        if (!good()) return static_cast<void>(refusal_.append(bytes.substr(0, longest_refusal - refusal_.size())));
        if (out_.cancelled()) throw failure{TW_CANCELLED, "Nobody waits for these tokens any more."};
        reader_.feed(bytes, out_);
        if (reader_.finished()) finished_ = std::chrono::steady_clock::now();
        if (reader_.cut()) throw failure{TW_CANCELLED, "What follows is of no use."};
    }
    [[nodiscard]] bool cancelled() override {
        return out_.cancelled() || (finished_ && std::chrono::steady_clock::now() - *finished_ > lingering);
    }
    void done(std::optional<failure> problem) override {
        tw_error told{};
        told.size = sizeof told;
        const auto code = detail::guarded(&told, [&] {
            if (over()) return;
            if (problem) throw failure(*problem);
            if (!good()) throw self_.refusal(head_, refusal_);
            reader_.end();
        });
        out_.done(code == TW_OK ? nullptr : &told); // the instance may be gone when this returns
    }

  private:
    static constexpr std::size_t longest_refusal = 64U << 10U;
    static constexpr std::chrono::milliseconds lingering{500}; // the connection is not worth a longer wait

    [[nodiscard]] bool good() const { return head_.status >= 200 && head_.status < 300; }
    [[nodiscard]] bool over() const { return reader_.finished() || reader_.cut(); }

    const Self& self_;
    const token_answer out_;
    http_head head_;
    typename Self::token_reader reader_;
    std::string refusal_;
    std::optional<std::chrono::steady_clock::time_point> finished_;
};

} // namespace tw::sdk
