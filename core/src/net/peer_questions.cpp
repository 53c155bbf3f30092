// An attempt that stops before the WebSocket, then plain requests.
#include "net/peer_questions.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "net/attempt.hpp"
#include "net/refusals.hpp"
#include "net/tls.hpp"

namespace tw::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t longest_answer = 1U << 20U;

struct asking {
    explicit asking(const connection_options& given)
        : options(given), way(loop.get_executor(), options, tls, std::make_shared<outbox>(options.limits, "")) {}

    const connection_options options;
    asio::io_context loop;
    asio::ssl::context tls = client_tls();
    attempt way;
    std::vector<peer_answer> answers;
    std::optional<error> problem;
};

asio::awaitable<void> ask_all(asking* all, std::vector<std::string> paths) {
    all->problem = co_await all->way.reach();
    boost::beast::flat_buffer buffer;
    for (const auto& path : paths) {
        if (all->problem) co_return;
        auto& stream = *all->way.stream();
        http::request<http::empty_body> request(http::verb::get, path, 11);
        request.set(http::field::host, all->options.peer.host);
        if (!all->options.token.empty()) request.set(http::field::authorization, "Bearer " + all->options.token);
        stream.next_layer().expires_after(all->options.connect_timeout);
        const auto [unsent, sent] = co_await http::async_write(stream, request, token);
        http::response_parser<http::string_body> answer;
        answer.body_limit(longest_answer);
        boost::system::error_code failed = unsent;
        if (!failed) {
            const auto [unread, read] = co_await http::async_read(stream, buffer, answer, token);
            failed = unread;
        }
        if (failed) all->problem = refusals(all->options).broken(failed);
        else if (answer.get().result_int() == 401) all->problem = refusals(all->options).declined(401, "");
        else all->answers.push_back({answer.get().result_int(), std::move(answer.get().body())});
    }
    all->way.stream()->close();
}

} // namespace

result<std::vector<peer_answer>> ask_peer(const connection_options& options, const std::vector<std::string>& paths) {
    if (const auto sound = check_options(options); !sound) return sound.error();
    asking all(options);
    std::exception_ptr defect;
    asio::co_spawn(all.loop, ask_all(&all, paths), [&](const std::exception_ptr& problem) { defect = problem; });
    all.loop.run();
    if (defect) std::rethrow_exception(defect);
    if (all.problem) return *std::move(all.problem);
    return std::move(all.answers);
}

} // namespace tw::net
