// Packed little-endian structs, written field by field as ggml-rpc.cpp lays them out.
#include "pooled/rpc_client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace tw::pooled {
namespace {

constexpr std::uint8_t major_version = 7, minor_version = 0;
constexpr std::size_t capability_bytes = 24;

enum request : std::uint8_t { // rpc_cmd
    alloc_buffer = 0,
    buffer_get_base = 3,
    free_buffer = 4,
    buffer_clear = 5,
    set_tensor = 6,
    get_tensor = 8,
    graph_compute = 10,
    get_device_memory = 11,
    hello = 14,
    device_count_of = 15,
    graph_recompute = 16,
};

constexpr std::uint32_t type_i8 = 24;      // GGML_TYPE_I8
constexpr std::uint32_t flag_compute = 16; // GGML_TENSOR_FLAG_COMPUTE
constexpr std::size_t most_sources = 10;

template <class T> void put(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

std::uint64_t number_at(const std::string& bytes, std::size_t at, std::size_t size = 8) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i)
        out |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    return out;
}

// ggml-rpc's own rpc_tensor, 296 bytes. `how`: the operation it comes of, from the tensors with the numbers `from`; null =
// it is there.
void put_tensor(std::string& out, std::uint64_t id, const rpc_buffer& buffer, const rpc_tensor& what,
                const rpc_node* how = nullptr, const std::vector<std::uint64_t>& from = {}) {
    put(out, id);
    put(out, what.type.id);
    put(out, buffer.handle);
    for (const auto size : what.sizes) put(out, size);
    std::uint64_t stride = what.row_bytes();
    put(out, what.type.bytes);
    for (const auto size : {1U, what.sizes[1], what.sizes[2]}) put(out, static_cast<std::uint32_t>(stride *= size));
    put(out, how == nullptr ? 0U : static_cast<std::uint32_t>(how->op));
    for (std::size_t i = 0; i < 16; ++i) put(out, how == nullptr ? 0U : how->params[i]);
    put(out, how == nullptr ? 0U : flag_compute);
    for (std::size_t i = 0; i < most_sources; ++i) put(out, i < from.size() ? from[i] : std::uint64_t{0});
    out.append(16, '\0'); // it is no view
    put(out, buffer.begin + what.offset);
    out.append(64 + 4, '\0'); // name, use_count
}

void put_bytes_of(std::string& out, const rpc_buffer& buffer) {
    const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(buffer.bytes, 1U << 30U));
    put_tensor(out, 1, buffer, {*plan::find_gguf_type(type_i8), {size, 1, 1, 1}});
}

} // namespace

rpc_client::rpc_client(int socket, std::string name, std::chrono::milliseconds patience)
    : socket_(socket), name_(std::move(name)), patience_(patience) {}

rpc_client::rpc_client(rpc_client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), name_(other.name_), patience_(other.patience_) {}

rpc_client::~rpc_client() {
    if (socket_ >= 0) ::close(socket_);
}

result<rpc_client> rpc_client::connect(std::uint16_t loopback_port, std::string name,
                                       std::chrono::milliseconds patience) {
    rpc_client out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), std::move(name), patience);
    const timeval wait{static_cast<time_t>(patience.count() / 1000), static_cast<suseconds_t>(patience.count() % 1000 * 1000)};
    ::setsockopt(out.socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    ::setsockopt(out.socket_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    const int yes = 1;
    ::setsockopt(out.socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(loopback_port);
    if (::connect(out.socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(code::unavailable, "The worker " + out.name_ + " is not reached (" + std::strerror(errno) + ").");
    if (auto greeted = out.greet(); !greeted) return greeted.error();
    return out;
}

error rpc_client::broken() const {
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return fail(code::timed_out, "The worker " + name_ + " does not answer within " +
                                         std::to_string(patience_.count() / 1000) +
                                         " s; an rpc-server serves one program at a time, so end the pool that uses it, "
                                         "or start it anew.");
    return fail(code::unavailable, "The worker " + name_ + " ended the connection.");
}

result<void> rpc_client::send_all(std::string_view bytes) {
    while (!bytes.empty()) {
        errno = 0;
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return broken();
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

result<void> rpc_client::receive(char* into, std::size_t bytes) {
    while (bytes > 0) {
        errno = 0;
        const auto got = ::recv(socket_, into, bytes, 0);
        if (got <= 0) return broken();
        into += got;
        bytes -= static_cast<std::size_t>(got);
    }
    return {};
}

result<void> rpc_client::send(std::uint8_t command, std::string_view head, std::string_view tail) {
    std::string out(1, static_cast<char>(command));
    put(out, std::uint64_t{head.size() + tail.size()});
    out += head;
    if (auto sent = send_all(out); !sent) return sent;
    return send_all(tail);
}

result<std::string> rpc_client::answer(std::size_t bytes) {
    std::string size(8, '\0');
    if (auto got = receive(size.data(), size.size()); !got) return got.error();
    if (number_at(size, 0) != bytes)
        return fail(code::corrupt, "The worker " + name_ + " answers with " + std::to_string(number_at(size, 0)) +
                                       " bytes where " + std::to_string(bytes) +
                                       " belong; is it an rpc-server of llama.cpp 0.5.0?");
    std::string out(bytes, '\0');
    if (auto got = receive(out.data(), bytes); !got) return got.error();
    return out;
}

result<void> rpc_client::greet() {
    if (auto sent = send(hello, std::string(capability_bytes, '\0')); !sent) return sent;
    const auto said = answer(4 + capability_bytes);
    if (!said) return said.error();
    const auto major = static_cast<unsigned char>((*said)[0]), minor = static_cast<unsigned char>((*said)[1]);
    if (major == major_version && minor <= minor_version) return {};
    return fail(code::unsupported, "The worker " + name_ + " speaks version " + std::to_string(major) + "." +
                                       std::to_string(minor) + " of the RPC protocol, and " +
                                       std::to_string(major_version) + "." + std::to_string(minor_version) +
                                       " is needed; build it with apps/build-worker.sh.");
}

result<std::uint32_t> rpc_client::device_count() {
    if (auto sent = send(device_count_of, {}); !sent) return sent.error();
    const auto said = answer(4);
    if (!said) return said.error();
    return static_cast<std::uint32_t>(number_at(*said, 0, 4));
}

result<rpc_client::memory> rpc_client::memory_of(std::uint32_t device) {
    std::string asked;
    put(asked, device);
    if (auto sent = send(get_device_memory, asked); !sent) return sent.error();
    const auto said = answer(16);
    if (!said) return said.error();
    return memory{number_at(*said, 0), number_at(*said, 8)};
}

result<rpc_buffer> rpc_client::allocate(std::uint32_t device, std::uint64_t bytes) {
    std::string asked, handle, clear;
    put(asked, device);
    put(asked, bytes);
    if (auto sent = send(alloc_buffer, asked); !sent) return sent.error();
    const auto said = answer(16);
    if (!said) return said.error();
    rpc_buffer out{number_at(*said, 0), 0, bytes};
    if (out.handle == 0 || number_at(*said, 8) < bytes)
        return fail(code::unavailable, "The worker " + name_ + " has no room for " + std::to_string(bytes) + " bytes.");
    put(handle, out.handle);
    if (auto sent = send(buffer_get_base, handle); !sent) return sent.error();
    const auto base = answer(8);
    if (!base) return base.error();
    out.begin = number_at(*base, 0);
    put(clear, out.handle);
    clear += '\0';
    if (auto sent = send(buffer_clear, clear); !sent) return sent.error();
    return out;
}

result<void> rpc_client::release(const rpc_buffer& buffer) {
    std::string handle;
    put(handle, buffer.handle);
    return send(free_buffer, handle);
}

result<void> rpc_client::write(const rpc_buffer& buffer, std::string_view bytes, std::uint64_t at) {
    std::string head;
    put_bytes_of(head, buffer);
    head += '\0'; // not for the server's cache on disk
    put(head, at);
    return send(set_tensor, head, bytes);
}

result<std::string> rpc_client::read(const rpc_buffer& buffer, std::uint64_t bytes, std::uint64_t at) {
    std::string asked;
    put_bytes_of(asked, buffer);
    put(asked, at);
    put(asked, bytes);
    if (auto sent = send(get_tensor, asked); !sent) return sent.error();
    return answer(bytes);
}

result<void> rpc_client::compute(std::uint32_t device, const rpc_buffer& buffer, const std::vector<rpc_node>& nodes) {
    std::string head, tensors;
    put(head, device);
    put(head, static_cast<std::uint32_t>(nodes.size()));
    std::uint64_t id = 0;
    for (const auto& one : nodes) {
        std::vector<std::uint64_t> from;
        for (const auto& source : one.from) {
            from.push_back(++id);
            put_tensor(tensors, id, buffer, source);
        }
        put_tensor(tensors, ++id, buffer, one.out, &one, from);
        put(head, id);
    }
    put(head, static_cast<std::uint32_t>(id));
    return send(graph_compute, head, tensors);
}

result<void> rpc_client::compute_again(std::uint32_t device) {
    std::string asked;
    put(asked, device);
    return send(graph_recompute, asked);
}

} // namespace tw::pooled
