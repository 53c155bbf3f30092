// What a message there and back costs on this machine.
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdio>
#include <semaphore>

#include "harness.hpp"

using namespace tw;
using namespace tw::test;

namespace {

// Median and 99th percentile, in milliseconds, from send() to the event.
std::pair<double, double> measure(const net::connection_options& options) {
    using clock = std::chrono::steady_clock;
    std::binary_semaphore back{0};
    client one(options);
    one.ups.wait(1);
    one.on_message = [&](std::string_view) { back.release(); };
    std::vector<double> times;
    for (int i = 0; i < 1000; ++i) {
        const auto began = clock::now();
        REQUIRE(one.link->send(std::string(60, 'x')));
        back.acquire();
        times.push_back(std::chrono::duration<double, std::milli>(clock::now() - began).count());
    }
    std::ranges::sort(times);
    return {times[500], times[990]};
}

} // namespace

TEST_CASE("60 bytes there and back") {
    const temporary_folder folder;
    auto secure = with_token();
    secure.tls = net::load_or_make_identity(folder.path).value();
    echo_server plain(with_token()), encrypted(secure);
    const auto [median, late] = measure(to(plain.port()));
    auto options = to(encrypted.port());
    options.peer.tls = true;
    options.fingerprint = secure.tls->fingerprint;
    const auto [median_tls, late_tls] = measure(options);
    std::printf("round_trip_ms p50=%.3f p99=%.3f tls_p50=%.3f tls_p99=%.3f\n", median, late, median_tls, late_tls);
    CHECK(median < 2);
    CHECK(median_tls < 2);
}
