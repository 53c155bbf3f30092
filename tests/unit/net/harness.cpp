// The two ends.
#include "harness.hpp"

#include <stdexcept>
#include <thread>

#include <unistd.h>

namespace tw::test {

using namespace std::chrono_literals;

void notes::add(std::string text) {
    const std::lock_guard guard(mutex_);
    all_.push_back(std::move(text));
    grew_.notify_all();
}

std::vector<std::string> notes::wait(std::size_t count) {
    std::unique_lock guard(mutex_);
    grew_.wait_for(guard, 20s, [&] { return all_.size() >= count; });
    return all_;
}

std::size_t notes::size() const {
    const std::lock_guard guard(mutex_);
    return all_.size();
}

echo_server::echo_server(net::listener_options options, bool echo) {
    auto made = net::listener::open(
        std::move(options),
        {.opened =
             [this](const std::shared_ptr<net::session>& one) {
                 const std::lock_guard guard(mutex);
                 sessions.push_back(one);
                 opened.add(one->remote());
             },
         .message =
             [this, echo](net::session& from, std::string_view bytes) {
                 if (bytes == "close") from.close("You asked for it.");
                 else if (echo) from.send(std::string(bytes));
                 messages.add(std::string(bytes));
             },
         .closed = [this](net::session&, const error& why) { closed.add(why.message); },
         .http =
             [](const net::http_request& request) {
                 return net::http_reply{200, R"({"you":")" + request.method + ' ' + request.target + ' ' + request.body + "\"}"};
             }});
    if (!made) throw std::runtime_error(made.error().message);
    listening = *std::move(made);
}

client::client(net::connection_options options) {
    auto made = net::connection::open(std::move(options), {.up = [this] { ups.add("up"); },
                                                           .down = [this](const error& why) { downs.add(why.message); },
                                                           .message =
                                                               [this](std::string_view bytes) {
                                                                   if (on_message) on_message(bytes);
                                                                   else messages.add(std::string(bytes));
                                                               }});
    if (!made) throw std::runtime_error(made.error().message);
    link = *std::move(made);
}

client::client(std::uint16_t port, net::link_limits limits) : client(to(port, limits)) {}

net::listener_options with_token(net::link_limits limits) {
    net::listener_options out;
    out.port = 0;
    out.token = "secret";
    out.limits = limits;
    return out;
}

net::connection_options to(std::uint16_t port, net::link_limits limits) {
    return {.peer = {.host = "127.0.0.1", .port = port}, .token = "secret", .fingerprint = {}, .limits = limits};
}

bool comes_true(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

temporary_folder::temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "tw-net-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = name;
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

} // namespace tw::test
