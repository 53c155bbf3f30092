// Speaks to an rpc-server of llama.cpp without libllama, which ends its process when one goes away: as much of the
// protocol (version 7.0) as it takes to measure a worker.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "plan/gguf_types.hpp"

namespace tw::pooled {

// Memory of a device, asked for and given back by number.
struct rpc_buffer {
    std::uint64_t handle = 0, begin = 0, bytes = 0;
};

// A tensor at an offset of a buffer, its elements one behind the other.
struct rpc_tensor {
    plan::gguf_type type;
    std::array<std::uint32_t, 4> sizes{1, 1, 1, 1}; // as ggml orders them: the first is a row's
    std::uint64_t offset = 0;

    [[nodiscard]] std::uint64_t row_bytes() const { return std::uint64_t{sizes[0]} / type.block * type.bytes; }
    [[nodiscard]] std::uint64_t bytes() const { return row_bytes() * sizes[1] * sizes[2] * sizes[3]; }
};

// What ggml is to compute, by its numbers of protocol 7.0 (ggml_op).
enum class rpc_op : std::uint32_t { add = 2, multiply = 7, rms_norm = 25, mul_mat = 29, soft_max = 46, rope = 48, flash_attn = 74, glu = 100 };

// `out` is made of `from`, with the parameters that ggml's constructor of the operation writes down.
struct rpc_node {
    rpc_op op;
    rpc_tensor out;
    std::vector<rpc_tensor> from; // ten at most
    std::array<std::uint32_t, 16> params{};
};

// Every call may fail with `unavailable` (the connection ended), `timed_out` (no byte for as long as the patience) or
// `corrupt` (an answer of another size); the sentences name the server. One thread at a time.
class rpc_client {
  public:
    // `name`: of the server, in sentences. Greets it. Errors besides: `unsupported`, another protocol.
    [[nodiscard]] static result<rpc_client> connect(std::uint16_t loopback_port, std::string name,
                                                    std::chrono::milliseconds patience);
    ~rpc_client();
    rpc_client(rpc_client&& other) noexcept;
    rpc_client(const rpc_client&) = delete;
    rpc_client& operator=(const rpc_client&) = delete;
    rpc_client& operator=(rpc_client&&) = delete;

    struct memory {
        std::uint64_t free_bytes = 0, total_bytes = 0;
    };
    [[nodiscard]] result<std::uint32_t> device_count();
    [[nodiscard]] result<memory> memory_of(std::uint32_t device);

    // Zeroed, so that every page of it is there. Errors besides: `unavailable`, the device has no room for it.
    [[nodiscard]] result<rpc_buffer> allocate(std::uint32_t device, std::uint64_t bytes);
    [[nodiscard]] result<void> release(const rpc_buffer& buffer);
    // To and from an offset of a buffer. A write is not answered, so it may still be on its way.
    [[nodiscard]] result<void> write(const rpc_buffer& buffer, std::string_view bytes, std::uint64_t at = 0);
    [[nodiscard]] result<std::string> read(const rpc_buffer& buffer, std::uint64_t bytes, std::uint64_t at = 0);

    // Neither is answered; the server does one thing after the other, so a read() comes back when they are done.
    // The nodes are computed in their order.
    [[nodiscard]] result<void> compute(std::uint32_t device, const rpc_buffer& buffer, const std::vector<rpc_node>& nodes);
    [[nodiscard]] result<void> compute_again(std::uint32_t device);

  private:
    rpc_client(int socket, std::string name, std::chrono::milliseconds patience);

    [[nodiscard]] result<void> greet();
    [[nodiscard]] result<void> send(std::uint8_t command, std::string_view head, std::string_view tail = {});
    [[nodiscard]] result<void> send_all(std::string_view bytes);
    [[nodiscard]] result<void> receive(char* into, std::size_t bytes);
    // The answer to the last command, which has that many bytes.
    [[nodiscard]] result<std::string> answer(std::size_t bytes);
    [[nodiscard]] error broken() const;

    int socket_;
    const std::string name_;
    const std::chrono::milliseconds patience_;
};

} // namespace tw::pooled
