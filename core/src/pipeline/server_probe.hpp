// Asks a server that was not reached whether it is back, so that no user's request has to find out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "bridge/backend.hpp"
#include "pipeline/server_health.hpp"

namespace tw {

// A thread that waits for its turn (server_health), and then asks. A plugin that cannot ask its server how it is, is
// left alone after the first try.
class server_probe {
  public:
    using reply_function = std::function<void(result<std::string>)>;
    // Begins to ask, as backend::ask does.
    using ask_function = std::function<result<std::shared_ptr<backend_request>>(reply_function)>;

    // `server`: its name in the log.
    server_probe(std::string server, std::shared_ptr<server_health> health, ask_function ask);
    ~server_probe(); // ends what it asks; whatever `ask` uses must still be there

  private:
    void run(const std::stop_token& stop);

    const std::string server_;
    const std::shared_ptr<server_health> health_;
    const ask_function ask_;
    std::jthread thread_; // last
};

} // namespace tw
