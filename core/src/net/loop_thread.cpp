// Runs the loop and outlives a handler that throws.
#include "net/loop_thread.hpp"

#include <spdlog/spdlog.h>

namespace tw::net {

void loop_thread::start() {
    thread_ = std::thread([this] {
        for (;;) {
            try {
                context_.run();
                return;
            } catch (...) {
                log_exception("loop", std::current_exception());
            }
        }
    });
}

void loop_thread::join() {
    if (thread_.joinable()) thread_.join();
}

void log_exception(const char* where, const std::exception_ptr& problem) {
    try {
        if (problem) std::rethrow_exception(problem);
    } catch (const std::exception& e) {
        spdlog::error("net exception where={} what=\"{}\"", where, e.what());
    }
}

} // namespace tw::net
