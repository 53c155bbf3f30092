// From the pipeline's threads to the loop's, as much as the client takes.
#include "front/pass_through.hpp"

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/text.hpp"
#include "front/errors.hpp"
#include "front/on_loop.hpp"

namespace tw::front {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_unread = 256U << 10U;
constexpr std::size_t batch_bytes = 64U << 10U; // that a slow client takes before it counts as gone

bool is_path_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/-._~!$&'()*+,:=@").find(c) != std::string_view::npos;
}

bool is_header_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
}

} // namespace

/// Any thread.
class pass_through::mail final : public pass_sink {
  public:
    explicit mail(std::function<void()> wake) : wake_(std::move(wake)) {}

    void head(pass_head head) override {
        put([&] { news_.head = std::move(head); });
    }
    void bytes(std::string_view piece) override {
        put([&] { news_.bytes.append(piece); });
    }
    [[nodiscard]] bool full() const override {
        const std::lock_guard lock(mutex_);
        return wake_ && news_.bytes.size() >= most_unread;
    }
    void done(std::optional<error> failure) override {
        put([&] {
            news_.over = true;
            news_.failure = std::move(failure);
        });
    }

    [[nodiscard]] bool empty() const {
        const std::lock_guard lock(mutex_);
        return !news_.head && news_.bytes.empty() && !news_.over;
    }
    [[nodiscard]] passed take() {
        const std::lock_guard lock(mutex_);
        if (news_.bytes.size() <= batch_bytes) return std::exchange(news_, {});
        passed out{.head = std::exchange(news_.head, std::nullopt), .bytes = news_.bytes.substr(0, batch_bytes)};
        news_.bytes.erase(0, batch_bytes);
        return out;
    }
    void close() {
        const std::lock_guard lock(mutex_);
        wake_ = nullptr;
        news_ = {};
    }

  private:
    template <class Put> void put(Put put) {
        const std::lock_guard lock(mutex_);
        if (!wake_) return;
        put();
        wake_(); // under the lock, so that close() can promise silence; it only posts
    }

    mutable std::mutex mutex_;
    std::function<void()> wake_; // empty = nobody waits any more
    passed news_;
};

pass_through::pass_through(asio::any_io_executor loop) : loop_(std::move(loop)), signal_(loop_) {}

pass_through::~pass_through() {
    cancel();
    if (mail_) mail_->close();
}

std::optional<error> pass_through::start(tw::pipeline& pipeline, std::shared_ptr<const pass_request> request) {
    mail_ = std::make_shared<mail>(on_loop(loop_, weak_from_this(), [](pass_through& self) { self.signal_.cancel(); }));
    auto begun = pipeline.pass(std::move(request), mail_);
    if (!begun) return begun.error();
    running_ = std::move(*begun);
    return std::nullopt;
}

asio::awaitable<passed> pass_through::next() {
    while (mail_->empty() && !woken_) {
        signal_.expires_at(std::chrono::steady_clock::time_point::max());
        co_await signal_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    woken_ = false;
    co_return mail_->take();
}

void pass_through::wake() {
    woken_ = true;
    signal_.cancel();
}

void pass_through::cancel() {
    if (running_) running_->cancel();
}

bool may_pass(std::string_view path) {
    if (path == "/infill") return true;
    if (!path.starts_with("/v1/") || path.starts_with("/v1/tightwad/") || !std::ranges::all_of(path, is_path_character)) return false;
    for (std::size_t at = 0; at < path.size();) {
        const auto end = std::min(path.find('/', at + 1), path.size());
        const auto segment = path.substr(at + 1, end - at - 1);
        if (segment.empty() || segment == "." || segment == "..") return false;
        at = end;
    }
    return true;
}

reply reply_to_pass(pass_head head) {
    reply out{.status = static_cast<unsigned>(head.status), .content_type = ""};
    for (auto& [name, value] : head.headers) {
        if (!is_header_value(value)) continue;
        if (name == "content-type") out.content_type = std::move(value);
        else if (name == "retry-after") out.headers.emplace_back("Retry-After", std::move(value));
        else if (name == "content-encoding") out.headers.emplace_back("Content-Encoding", std::move(value));
        else if (name == "content-disposition") out.headers.emplace_back("Content-Disposition", std::move(value));
    }
    if (lower(out.content_type).starts_with("text/event-stream")) out.headers.emplace_back("X-Accel-Buffering", "no");
    return out;
}

reply not_passed(const error& why, std::string_view path, const std::string& model) {
    if (why.code != tw::code::unsupported) return error_reply(why);
    return http_error(404, "There is nothing at " + std::string(cut_utf8(path, 200)) + " for the model '" + model + "'. " + why.message,
                      "unknown_url");
}

} // namespace tw::front
