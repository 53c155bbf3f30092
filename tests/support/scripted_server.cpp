// Blocking sockets, a thread for each connection.
#include "support/scripted_server.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tw::test {
namespace {

int listen_on_loopback(std::uint16_t* port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket, 128) != 0)
        throw std::runtime_error("cannot listen");
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    *port = ntohs(address.sin_port);
    return socket;
}

class connection final : public scripted_server::line {
  public:
    connection(int socket, SSL_CTX* context) : socket_(socket) {
        if (context == nullptr) return;
        tls_ = SSL_new(context);
        SSL_set_fd(tls_, socket_);
    }
    ~connection() override {
        if (tls_ != nullptr) SSL_free(tls_);
        ::close(socket_);
    }
    bool accept() { return tls_ == nullptr || SSL_accept(tls_) == 1; }

    bool send(std::string_view bytes) override {
        while (!bytes.empty()) {
            const auto sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                              : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void wait_gone() override {
        while (more()) {
        }
    }
    void vanish() override {
        const linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }

    // Head and body of the next request; empty when there is none.
    std::string next() {
        while (held_.find("\r\n\r\n") == std::string::npos)
            if (!more()) return {};
        const auto head = held_.find("\r\n\r\n") + 4;
        std::size_t size = head;
        if (const auto at = held_.find("Content-Length: "); at < head)
            size += static_cast<std::size_t>(std::strtoul(held_.c_str() + at + 16, nullptr, 10));
        while (held_.size() < size)
            if (!more()) return {};
        auto out = held_.substr(0, size);
        held_.erase(0, size);
        return out;
    }

  private:
    bool more() {
        char block[16384];
        const auto got = tls_ != nullptr ? SSL_read(tls_, block, sizeof block)
                                         : static_cast<int>(::recv(socket_, block, sizeof block, 0));
        if (got <= 0) return false;
        held_.append(block, static_cast<std::size_t>(got));
        return true;
    }

    int socket_;
    SSL* tls_ = nullptr;
    std::string held_;
};

} // namespace

struct scripted_server::impl {
    std::vector<act> acts;
    SSL_CTX* context = nullptr;
    std::uint16_t port = 0;
    int listening = -1;
    mutable std::mutex lock;
    std::vector<std::string> requests;
    std::set<int> open;
    std::vector<std::thread> threads;
    std::atomic<int> connections{0};
    bool stopping = false;
    std::thread accepting;

    void accept() {
        for (;;) {
            const int socket = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
            const std::lock_guard guard(lock);
            if (socket < 0 || stopping) {
                if (socket >= 0) ::close(socket);
                return;
            }
            ++connections;
            open.insert(socket);
            threads.emplace_back([this, socket] { serve(socket); });
        }
    }
    void serve(int socket) {
        connection one(socket, context);
        if (one.accept()) {
            do {
                auto request = one.next();
                if (request.empty()) break;
                std::size_t index = 0;
                {
                    const std::lock_guard guard(lock);
                    index = std::min(requests.size(), acts.size() - 1);
                    requests.push_back(request);
                }
                one.keep = false;
                acts[index](one, request);
            } while (one.keep);
        }
        const std::lock_guard guard(lock);
        open.erase(socket);
    }
};

scripted_server::scripted_server(std::vector<act> acts, const std::string& pem) : impl_(std::make_unique<impl>()) {
    impl_->acts = std::move(acts);
    if (!pem.empty()) {
        std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes without MSG_NOSIGNAL
        impl_->context = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_file(impl_->context, pem.c_str(), SSL_FILETYPE_PEM) != 1 ||
            SSL_CTX_use_PrivateKey_file(impl_->context, pem.c_str(), SSL_FILETYPE_PEM) != 1)
            throw std::runtime_error("cannot use " + pem);
    }
    impl_->listening = listen_on_loopback(&impl_->port);
    impl_->accepting = std::thread([self = impl_.get()] { self->accept(); });
}

scripted_server::~scripted_server() {
    {
        const std::lock_guard guard(impl_->lock);
        impl_->stopping = true;
        for (const int socket : impl_->open) ::shutdown(socket, SHUT_RDWR);
    }
    ::shutdown(impl_->listening, SHUT_RDWR);
    impl_->accepting.join();
    for (auto& thread : impl_->threads) thread.join();
    ::close(impl_->listening);
    if (impl_->context != nullptr) SSL_CTX_free(impl_->context);
}

std::uint16_t scripted_server::port() const { return impl_->port; }

std::string scripted_server::url(std::string_view path, std::string_view scheme) const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(impl_->port) + std::string(path);
}

std::vector<std::string> scripted_server::requests() const {
    const std::lock_guard guard(impl_->lock);
    return impl_->requests;
}

int scripted_server::connections() const { return impl_->connections; }

scripted_server::act replies(int status, std::string body, std::string headers) {
    auto bytes = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n" + headers + "\r\n" + body;
    return [bytes = std::move(bytes)](scripted_server::line& to, const std::string&) { to.keep = to.send(bytes); };
}

scripted_server::act streams(std::vector<std::string> pieces, std::string type) {
    return [pieces = std::move(pieces), type = std::move(type)](scripted_server::line& to, const std::string&) {
        bool good = to.send("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (const auto& piece : pieces) {
            char size[20];
            std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
            good = good && to.send(size + piece + "\r\n");
        }
        to.keep = good && to.send("0\r\n\r\n");
    };
}

scripted_server::act says(std::string bytes) {
    return [bytes = std::move(bytes)](scripted_server::line& to, const std::string&) { to.send(bytes); };
}

scripted_server::act stalls(std::string bytes) {
    return [bytes = std::move(bytes)](scripted_server::line& to, const std::string&) {
        to.send(bytes);
        to.wait_gone();
    };
}

void make_certificate(const std::string& file, const std::string& names) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* made = X509_new();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made), 86400);
    auto* subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("a test"), -1, -1, 0);
    X509_set_issuer_name(made, subject);
    X509_set_pubkey(made, key);
    X509_EXTENSION* alternative = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(made, alternative, -1);
    X509_EXTENSION_free(alternative);
    const bool signed_well = X509_sign(made, key, EVP_sha256()) > 0;
    std::FILE* out = std::fopen(file.c_str(), "w");
    const bool written = out != nullptr && signed_well &&
                         PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
                         PEM_write_X509(out, made) == 1;
    if (out != nullptr) std::fclose(out);
    X509_free(made);
    EVP_PKEY_free(key);
    if (!written) throw std::runtime_error("cannot make a certificate");
}

} // namespace tw::test
