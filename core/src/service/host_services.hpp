// The threads behind the services that plugins are given: one pool and one timer for all of them.
#pragma once

#include <memory>

#include "service/pool.hpp"
#include "service/timer.hpp"

namespace tw {

struct host_services {
    tw::pool pool;
    tw::timer timer;

    explicit host_services(pool::limits limits = {}) : pool(limits), timer(pool) {}

    // What every plugin_host shares that is given nothing else. It lives as long as one of them
    // does.
    [[nodiscard]] static std::shared_ptr<host_services> shared();
};

} // namespace tw
