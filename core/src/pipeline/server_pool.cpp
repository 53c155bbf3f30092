// Refuses in words while the server is down, else passes on.
#include "pipeline/server_pool.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/pool_words.hpp"

namespace tw {

server_pool::server_pool(server_pool_parts parts)
    : pool_(parts.pool), server_(std::move(parts.server)), process_(std::move(parts.process)),
      swap_({parts.config, parts.plugins, parts.pool, *process_, [this] { return server_->running_answers(); },
             [] { return true; }, std::move(parts.options)},
            std::move(parts.model)) {}

bool server_pool::is_up() const { return process_->now().now == pooled::process_report::state::up; }

std::optional<error> server_pool::closed() const {
    auto why = swap_.closed();
    if (why.empty() && is_up()) return std::nullopt;
    return pool_is_down(pool_, process_->now(), std::move(why));
}

result<std::shared_ptr<generation>> server_pool::start(generation_request request, std::shared_ptr<generation_sink> sink) {
    if (auto why = closed()) return std::move(*why);
    return server_->start(std::move(request), std::move(sink));
}

result<std::shared_ptr<generation>> server_pool::ask(question asked, finding_function done) {
    if (auto why = closed()) return std::move(*why);
    return server_->ask(std::move(asked), std::move(done));
}

result<std::shared_ptr<generation>> server_pool::pass(std::shared_ptr<const pass_request> request,
                                                      std::shared_ptr<pass_sink> sink) {
    if (auto why = closed()) return std::move(*why);
    return server_->pass(std::move(request), std::move(sink));
}

nlohmann::json server_pool::status() const {
    auto out = server_->status();
    out["up"] = is_up();
    auto& pool = out["pool"] = pool_json(pool_, process_->now());
    pool["server"] = pool_.server.string();
    pool["model"] = model_json(swap_.now());
    pool["swap"] = swap_.status();
    return out;
}

} // namespace tw
