// The front over a fake pipeline as a program: prints its address, serves until its input ends.
#include <iostream>
#include <string>

#include "harness.hpp"

int main() {
    tw::test::running_server server(
        {.token = "fixture-token", .ping_interval = std::chrono::milliseconds{200}});
    std::cout << "http://127.0.0.1:" << server.port() << std::endl;
    std::string line;
    while (std::getline(std::cin, line)) {
    }
}
