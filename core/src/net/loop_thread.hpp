// An Asio loop with a thread of its own. Internal.
#pragma once

#include <exception>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "net/turn.hpp"

namespace tw::net {

// Runs from start() until nothing is left to do. Whoever starts it ends all work, joins, and only then
// destroys what hangs on the loop: an Asio object released off its loop races the loop's destruction.
class loop_thread {
  public:
    loop_thread() = default;
    ~loop_thread() { join(); }
    loop_thread(const loop_thread&) = delete;
    loop_thread& operator=(const loop_thread&) = delete;

    boost::asio::io_context& context() { return context_; }
    // For what other threads may step into with run_at_once().
    loop_executor executor() { return {context_.get_executor(), turn_}; }
    void start();
    void join(); // waits until nothing is left to do

  private:
    turn turn_;
    boost::asio::io_context context_{1};
    std::thread thread_;
};

// For the completion of co_spawn: nothing but a defect, or the memory's end, throws so far.
void log_exception(const char* where, const std::exception_ptr& problem);

} // namespace tw::net
