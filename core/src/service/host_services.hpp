// What stands behind the services that plugins are given: one pool, one timer and one HTTP client for all of them.
#pragma once

#include <memory>
#include <mutex>

#include "net/http_client.hpp"
#include "service/pool.hpp"
#include "service/timer.hpp"

namespace tw {

struct host_services {
    tw::pool pool;
    tw::timer timer;

    explicit host_services(pool::limits limits = {}) : pool(limits), timer(pool) {}

    // Made when it is first asked for. Any thread.
    [[nodiscard]] net::http_client& http() {
        std::call_once(http_made_, [this] { http_ = std::make_unique<net::http_client>(); });
        return *http_;
    }

    // What every plugin_host shares that is given nothing else. It lives as long as one of them
    // does.
    [[nodiscard]] static std::shared_ptr<host_services> shared();

  private:
    std::once_flag http_made_;
    std::unique_ptr<net::http_client> http_;
};

} // namespace tw
