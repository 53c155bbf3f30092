// A port for a program that must be told which one to listen on.
#pragma once

#include <cstdint>

#include "base/error.hpp"

namespace tw::net {

// One that nobody uses on 127.0.0.1 now; another program may be faster. 0 = there is none.
[[nodiscard]] std::uint16_t free_port();

// A port on 127.0.0.1 that the system gives to nobody else while this lives, so that a program that is started again finds
// it free. Nothing listens here; a program may that sets SO_REUSEADDR, as servers do.
class kept_port {
  public:
    // Errors: unavailable, there is none.
    [[nodiscard]] static result<kept_port> find();
    ~kept_port();
    kept_port(kept_port&& other) noexcept;
    kept_port(const kept_port&) = delete;
    kept_port& operator=(const kept_port&) = delete;
    kept_port& operator=(kept_port&&) = delete;

    [[nodiscard]] std::uint16_t number() const { return number_; }

  private:
    kept_port(int socket, std::uint16_t number) : socket_(socket), number_(number) {}

    int socket_;
    std::uint16_t number_;
};

} // namespace tw::net
