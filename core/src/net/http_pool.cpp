// Keeps and checks idle connections.
#include "net/http_pool.hpp"

#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace tw::net {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t most_per_place = 32;
constexpr std::chrono::seconds longest_wait{30}; // most servers close after 60 s or more

// A server that is not asked has nothing to say: bytes, TLS farewells and ends all mean that it is over.
bool stands(byte_stream& stream) {
    char byte = 0;
    const auto got = ::recv(stream.next_layer().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

} // namespace

std::shared_ptr<byte_stream> http_pool::take(const std::string& key) {
    const auto at = all_.find(key);
    if (at == all_.end()) return nullptr;
    std::shared_ptr<byte_stream> found;
    while (!found && !at->second.empty()) {
        auto newest = std::move(at->second.back());
        at->second.pop_back();
        --size_;
        if (clock::now() - newest.since < longest_wait && stands(*newest.stream)) found = std::move(newest.stream);
    }
    if (at->second.empty()) all_.erase(at);
    return found;
}

void http_pool::keep(const std::string& key, std::shared_ptr<byte_stream> stream) {
    auto& place = all_[key];
    place.push_back({std::move(stream), clock::now()});
    ++size_;
    if (place.size() <= most_per_place) return;
    place.pop_front();
    --size_;
}

void http_pool::sweep() {
    const auto oldest = clock::now() - longest_wait;
    for (auto at = all_.begin(); at != all_.end();) {
        auto& place = at->second;
        for (; !place.empty() && place.front().since < oldest; --size_) place.pop_front();
        at = place.empty() ? all_.erase(at) : std::next(at);
    }
}

void http_pool::clear() {
    all_.clear();
    size_ = 0;
}

} // namespace tw::net
