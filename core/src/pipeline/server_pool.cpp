// Refuses in words while the server is down, else passes on.
#include "pipeline/server_pool.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/pool_words.hpp"

namespace tw {

server_pool::server_pool(pool_config pool, std::unique_ptr<pooled::pool_process> process,
                         std::unique_ptr<backend_pipeline> server)
    : pool_(std::move(pool)), server_(std::move(server)), process_(std::move(process)) {}

bool server_pool::is_up() const { return process_->now().now == pooled::process_report::state::up; }

result<std::shared_ptr<generation>> server_pool::start(generation_request request, std::shared_ptr<generation_sink> sink) {
    if (is_up()) return server_->start(std::move(request), std::move(sink));
    return pool_is_down(pool_, process_->now());
}

result<std::shared_ptr<generation>> server_pool::ask(question asked, finding_function done) {
    if (is_up()) return server_->ask(std::move(asked), std::move(done));
    return pool_is_down(pool_, process_->now());
}

result<std::shared_ptr<generation>> server_pool::pass(std::shared_ptr<const pass_request> request,
                                                      std::shared_ptr<pass_sink> sink) {
    if (is_up()) return server_->pass(std::move(request), std::move(sink));
    return pool_is_down(pool_, process_->now());
}

nlohmann::json server_pool::status() const {
    auto out = server_->status();
    out["up"] = is_up();
    out["pool"] = pool_json(pool_, process_->now());
    out["pool"]["server"] = pool_.server.string();
    return out;
}

} // namespace tw
