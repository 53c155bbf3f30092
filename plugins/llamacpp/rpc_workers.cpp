// Greets rpc-servers as libllama would, then has it register them.
#include "rpc_workers.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include <ggml-rpc.h>
#include <llama.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <tightwad/sdk/error.hpp>

#include "runtime.hpp"

namespace llamacpp {
using tw::sdk::failure;

namespace {

constexpr int patience_s = 10;
constexpr std::size_t caps_bytes = 24;       // RPC_CONN_CAPS_SIZE of ggml-rpc
constexpr unsigned char hello_command = 14; // never changes, says ggml-rpc.cpp

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        out.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return out;
}

class greeting {
  public:
    greeting(std::string address, std::string name) : address_(std::move(address)), name_(std::move(name)) {}
    ~greeting() {
        if (socket_ >= 0) ::close(socket_);
    }
    greeting(const greeting&) = delete;
    greeting& operator=(const greeting&) = delete;

    void exchange() {
        connect();
        std::array<unsigned char, 1 + 8 + caps_bytes> hello{hello_command, caps_bytes};
        if (::send(socket_, hello.data(), hello.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(hello.size())) silent();
        std::array<unsigned char, 8 + 4 + caps_bytes> reply{};
        for (std::size_t have = 0; have < reply.size();) {
            const auto got = ::recv(socket_, reply.data() + have, reply.size() - have, 0);
            if (got == 0 || (got < 0 && errno == ECONNRESET))
                throw failure(TW_UNAVAILABLE, "The rpc-server " + name_ +
                                                  " hung up at the greeting, so it speaks another "
                                                  "protocol than " +
                                                  mine() + "; build it from llama.cpp " + llama() + ".");
            if (got < 0) silent();
            have += static_cast<std::size_t>(got);
        }
        const int major = reply[8], minor = reply[9];
        if (reply[0] != reply.size() - 8 || major != RPC_PROTO_MAJOR_VERSION || minor > RPC_PROTO_MINOR_VERSION)
            throw failure(TW_UNAVAILABLE, "The rpc-server " + name_ + " speaks protocol " + std::to_string(major) +
                                              "." + std::to_string(minor) + ", and this engine " + mine() +
                                              "; build it from llama.cpp " + llama() + ".");
    }

  private:
    void connect() {
        const auto colon = address_.rfind(':');
        const auto host = address_.substr(0, colon), port = address_.substr(colon == std::string::npos ? 0 : colon + 1);
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        if (colon == std::string::npos || ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0)
            throw failure(TW_INVALID_ARGUMENT, "The rpc-server " + name_ + " has the address \"" + address_ +
                                                   "\", which is not HOST:PORT.");
        const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
        int why = 0;
        for (const auto* one = found; one != nullptr; one = one->ai_next) {
            socket_ = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (socket_ < 0) continue;
            const timeval patience{patience_s, 0};
            ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
            if (::connect(socket_, one->ai_addr, one->ai_addrlen) == 0) return;
            why = errno;
            ::close(socket_);
            socket_ = -1;
        }
        throw failure(TW_UNAVAILABLE, "The rpc-server " + name_ + " is not reached (" + std::strerror(why) +
                                          "); start it, or check its address.");
    }

    [[noreturn]] void silent() const {
        throw failure(TW_UNAVAILABLE,
                      "The rpc-server " + name_ + " does not answer within " + std::to_string(patience_s) +
                          " s; it serves one program at a time, so end the other one, or start it anew.");
    }
    static std::string mine() {
        return std::to_string(RPC_PROTO_MAJOR_VERSION) + "." + std::to_string(RPC_PROTO_MINOR_VERSION);
    }
    static std::string llama() { return std::string("v") + llama_version(); }

    const std::string address_, name_;
    int socket_ = -1;
};

using add_server = ggml_backend_reg_t (*)(const char*);

add_server rpc_backend() {
    start_runtime();
    const auto reg = ggml_backend_reg_by_name("RPC");
    const auto found = reg == nullptr ? nullptr : ggml_backend_reg_get_proc_address(reg, "ggml_backend_rpc_add_server");
    if (found == nullptr)
        throw failure(TW_UNSUPPORTED,
                      "This llama.cpp engine has no RPC backend (libggml-rpc), so no pool can be used. Build "
                      "one that has it with `TIGHTWAD_ENGINE=source sh apps/setup/engine.sh`, and build "
                      "Tightwad with it.");
    return reinterpret_cast<add_server>(found);
}

} // namespace

void check_rpc_backend() { static_cast<void>(rpc_backend()); }

bool output_stays_here(const tw::sdk::config& config) {
    return !config.text("rpc", "").empty() && config.text("rpc_output", "coordinator") == "coordinator";
}

device_list pool_devices(const tw::sdk::config& config, ggml_backend_dev_t own) {
    device_list out;
    const auto servers = split(config.text("rpc", ""));
    if (servers.empty()) return out;
    const auto add = rpc_backend();
    const auto called = split(config.text("rpc_names", ""));
    const auto vram = tensor_split_of(config.text("rpc_vram", "")); // shares as well, in bytes
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const auto& name = i < called.size() ? called[i] : servers[i];
        greeting(servers[i], name).exchange();
        const auto reg = add(servers[i].c_str());
        const auto count = reg == nullptr ? 0 : ggml_backend_reg_dev_count(reg);
        if (count == 0) throw failure(TW_UNSUPPORTED, "The rpc-server " + name + " has no device to compute on.");
        out.servers.push_back(ggml_backend_reg_dev_get(reg, 0));
        for (std::size_t k = 0; k < count; ++k) {
            out.devices.push_back(ggml_backend_reg_dev_get(reg, k));
            if (i < vram.size()) out.shares.push_back(vram[i] / static_cast<float>(count));
        }
    }
    if (own != nullptr) {
        const bool last = output_stays_here(config);
        out.devices.insert(last ? out.devices.end() : out.devices.begin(), own);
        std::size_t free = 0, total = 0;
        ggml_backend_dev_memory(own, &free, &total);
        if (!out.shares.empty()) out.shares.insert(last ? out.shares.end() : out.shares.begin(), static_cast<float>(free));
    }
    return out;
}

std::vector<float> tensor_split_of(const std::string& text) {
    std::vector<float> out;
    float sum = 0;
    for (const auto& one : split(text)) {
        float share = 0;
        const auto [rest, failed] =
            std::from_chars(one.data(), one.data() + one.size(), share, std::chars_format::fixed);
        if (failed != std::errc{} || rest != one.data() + one.size() || !std::isfinite(share) || share < 0 ||
            out.size() == 128)
            throw failure(TW_INVALID_ARGUMENT, "tensor_split is \"" + text +
                                                   "\"; it must be at most 128 shares such as "
                                                   "\"3,1\", none below 0.");
        out.push_back(share);
        sum += share;
    }
    if (!out.empty() && sum == 0)
        throw failure(TW_INVALID_ARGUMENT, "tensor_split is \"" + text + "\"; one share at least must be above 0.");
    return out;
}

} // namespace llamacpp
