// The life of a connection up to the point where an answer is generated.
#include "front/connection.hpp"

#include <utility>

#include <spdlog/spdlog.h>

#include "base/text.hpp"
#include "front/cors.hpp"
#include "front/errors.hpp"
#include "front/ids.hpp"
#include "front/metrics_page.hpp"
#include "front/ollama_pages.hpp"

namespace tw::front {

namespace asio = boost::asio;

connection::connection(asio::ip::tcp::socket socket, serving& shared, bool surplus)
    : shared_(shared), loop_(socket.get_executor()), http_(std::move(socket), shared.options),
      surplus_(surplus) {}

asio::awaitable<void> connection::serve(std::shared_ptr<connection> /*self*/) {
    bool open = true;
    while (open && !shared_.stopping)
        open = co_await exchange();
    if (peer_gone_)
        close();
    else
        co_await http_.close_gracefully();
}

// g++ 12 destroys a temporary argument of an awaited call twice: every argument here has a name.

/// One request and its reply; false when the connection is to be closed.
asio::awaitable<bool> connection::exchange() {
    auto read = co_await http_.read_head();
    if (std::holds_alternative<peer_closed>(read)) {
        peer_gone_ = true;
        co_return false;
    }
    ++shared_.counts.requests;
    request_id_ = random_id("req_");
    began_ = std::chrono::steady_clock::now();
    if (auto* refusal = std::get_if<reply>(&read)) {
        refusal->close = true;
        request_head unread;
        co_return co_await send(std::move(*refusal), std::move(unread));
    }
    auto head = std::get<request_head>(std::move(read));
    co_return co_await handle(std::move(head));
}

/// What the request is and all of it, or what it is refused with. Apart from handle(), whose frame lives as long as the
/// answer.
asio::awaitable<std::variant<peer_closed, connection::arrived, reply>> connection::receive(const request_head& head) {
    if (surplus_) {
        auto full = error_reply(fail(code::unavailable, "The server already serves " +
                                                            std::to_string(shared_.options.max_connections) +
                                                            " connections, the most it takes; try again soon."));
        full.close = true;
        co_return full;
    }
    auto routed = route_for(head, shared_.auth);
    if (auto* refusal = std::get_if<reply>(&routed)) {
        refusal->close = http_.has_body();
        co_return std::move(*refusal);
    }
    arrived out{std::get<route>(std::move(routed)), {}};
    if (!http_.has_body()) co_return out;
    if (head.expects_continue && head.version >= 11) {
        std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        const bool written = co_await http_.write(std::move(go_on));
        if (!written) co_return peer_closed{};
    }
    auto read = co_await http_.read_body();
    if (std::holds_alternative<peer_closed>(read)) {
        peer_gone_ = true;
        co_return peer_closed{};
    }
    if (auto* refusal = std::get_if<reply>(&read)) {
        refusal->close = true;
        co_return std::move(*refusal);
    }
    out.body = std::get<std::string>(std::move(read));
    co_return out;
}

asio::awaitable<bool> connection::handle(request_head head) {
    auto received = co_await receive(head);
    if (std::holds_alternative<peer_closed>(received)) co_return false;
    if (auto* request = std::get_if<arrived>(&received)) {
        auto& [where, body] = *request;
        if (where.what == action::generate) co_return co_await generate(std::move(head), where.as, std::move(body));
        if (where.what == action::inquire) co_return co_await inquire(std::move(head), where.about, std::move(body));
        if (where.what == action::count_tokens) co_return co_await count_tokens(std::move(head), where.as, std::move(body));
        if (where.what == action::pass) co_return co_await pass(std::move(head), std::move(where.path), std::move(body));
        if (where.what == action::ollama_show) co_return co_await show(std::move(head), std::move(body));
        auto out = page(where, head, body);
        received = std::move(out);
    }
    co_return co_await send(std::get<reply>(std::move(received)), std::move(head));
}

reply connection::page(const route& where, const request_head& head,
                       const std::string& body) const {
    switch (where.what) {
    case action::greeting:
        return greeting_page();
    case action::health:
        return health_page(shared_.models);
    case action::models:
        return models_page(shared_.models, shared_.counts.started);
    case action::model:
        return model_page(shared_.models, where.model, shared_.counts.started);
    case action::metrics:
        return metrics_page(shared_.models, shared_.counts);
    case action::swap:
        return swap(head, body);
    case action::ollama_tags:
        return ollama_tags_page(shared_.models, shared_.counts.started);
    case action::ollama_ps:
        return ollama_ps_page(shared_.models);
    case action::ollama_version:
        return ollama_version_page();
    case action::preflight:
        return preflight_reply(shared_.options.cors_origins, head, where.methods);
    default:
        return status_page(shared_.models, shared_.counts);
    }
}

/// A page on the web could ask for it as well as a program, where no token is asked for.
reply connection::swap(const request_head& head, const std::string& body) const {
    if (from_unlisted_page(shared_.options.cors_origins, head))
        return http_error(403,
                          "Pages of " + to_valid_utf8(cut_utf8(head.origin, 200)) +
                              " may not change the model: they are not in cors_origins of [server].",
                          "origin_not_allowed");
    if (shared_.stopping) return error_reply(fail(code::unavailable, "The server is stopping."));
    return swap_page(shared_.models, body);
}

connection::extra_headers connection::common_headers(const request_head& head) const {
    auto out = cors_headers(shared_.options.cors_origins, head);
    out.emplace_back("x-request-id", request_id_);
    return out;
}

asio::awaitable<bool> connection::send(reply out, request_head head) {
    const bool keep = head.keep_alive && !out.close && !shared_.stopping;
    if (const auto as = dialect_of(head.target); out.what_failed && as != dialect::openai)
        out.body = error_body(as, *out.what_failed);
    if (out.status != 204)
        out.headers.emplace_back("Content-Length", std::to_string(out.body.size()));
    auto bytes = head_text(out, head, keep, common_headers(head));
    if (head.method != "HEAD") bytes += out.body;
    log(head, out.status);
    const bool written = co_await http_.write(std::move(bytes));
    co_return written&& keep;
}

void connection::log(const request_head& head, unsigned status) const {
    const auto spent = std::chrono::steady_clock::now() - began_;
    const auto path = std::string_view(head.target).substr(0, head.target.find('?'));
    const auto level = path == "/health" ? spdlog::level::debug : spdlog::level::info;
    spdlog::log(level, "request id={} method={} path={} status={} ms={}", request_id_,
                to_valid_utf8(cut_utf8(head.method, 16)), to_valid_utf8(cut_utf8(path, 100)),
                status, std::chrono::duration_cast<std::chrono::milliseconds>(spent).count());
}

/// From here to leave() a client that goes away ends what runs for him.
void connection::attend(const std::shared_ptr<awaited>& running, std::size_t answers) {
    running_ = running;
    shared_.counts.answers += answers;
    shared_.counts.running_answers += answers;
    http_.watch(shared_from_this(), [this, weak = running_] {
        peer_gone_ = true;
        if (const auto one = weak.lock()) {
            one->cancel();
            one->wake();
        }
    });
}

asio::awaitable<void> connection::leave(awaited& running, std::size_t answers) {
    running.cancel();
    running_.reset();
    shared_.counts.running_answers -= answers;
    if (peer_gone_) {
        ++shared_.counts.disconnects;
        spdlog::info("disconnect id={} answers={}", request_id_, answers);
    }
    co_await http_.stop_watching();
}

void connection::drain() {
    http_.interrupt_idle();
}

void connection::abort() {
    if (const auto running = running_.lock())
        running->cancel();
    else
        close();
}

void connection::close() {
    peer_gone_ = true;
    if (const auto running = running_.lock()) running->wake();
    if (const auto waiting = inquiring_.lock()) waiting->give_up();
    http_.close();
}

} // namespace tw::front
