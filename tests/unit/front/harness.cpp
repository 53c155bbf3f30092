// The server under test.
#include "harness.hpp"

#include <stdexcept>

#include <nlohmann/json.hpp>

namespace tw::test {
namespace {

front::server_options on_any_port(front::server_options options) {
    options.port = 0;
    if (options.model_ids.empty()) options.model_ids = {"org/model-1"};
    return options;
}

} // namespace

running_server::running_server(front::server_options options, bool ready) {
    auto listening = front::server::listen(on_any_port(std::move(options)));
    if (!listening) throw std::runtime_error(listening.error().message);
    server_ = *std::move(listening);
    if (ready) server_->set_ready({pipeline});
    thread_ = std::thread([this] { server_->run(); });
}

running_server::~running_server() {
    stop();
}

void running_server::stop() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
}

http_answer ask(const running_server& server, std::string_view request) {
    raw_client client(server.port());
    client.send(request);
    return client.read();
}

std::string chat(std::string_view script, std::string_view more) {
    return R"({"model":"org/model-1","seed":7,"messages":[{"role":"user","content":")" +
           std::string(script) + "\"}]" + std::string(more) + "}";
}

std::string error_of(const http_answer& answer) {
    const auto parsed = nlohmann::json::parse(answer.body, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("error")) return "no error object: " + answer.body;
    const auto& error = parsed["error"];
    const auto text = [&](const char* key) {
        return error[key].is_null() ? "null" : error[key].get<std::string>();
    };
    return text("message") + " | " + text("type") + " | " + text("param") + " | " + text("code");
}

} // namespace tw::test
