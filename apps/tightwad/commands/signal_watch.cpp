// sigwait() in a loop.
#include "commands/signal_watch.hpp"

#include <csignal>
#include <cstdlib>

#include <pthread.h>

namespace tw::cli {
namespace {

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

} // namespace

void block_stop_signals() {
    const auto set = stop_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

signal_watch::signal_watch(std::function<void()> stop)
    : thread_([this, stop = std::move(stop)] {
          const auto set = stop_signals();
          for (int received = 0;; ++received) {
              int signal = 0;
              ::sigwait(&set, &signal);
              if (over_) return;
              if (received > 0) std::_Exit(128 + signal);
              stop();
          }
      }) {}

signal_watch::~signal_watch() {
    over_ = true;
    ::pthread_kill(thread_.native_handle(), SIGTERM); // wakes sigwait
    thread_.join();
}

} // namespace tw::cli
