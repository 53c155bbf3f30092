// Makes and reads the certificate with OpenSSL.
#include "net/identity.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/fingerprint.hpp"

namespace tw::net {
namespace {

namespace fs = std::filesystem;
template <class T, void (*release)(T*)> struct released {
    void operator()(T* held) const { release(held); }
};
using key_owner = std::unique_ptr<EVP_PKEY, released<EVP_PKEY, EVP_PKEY_free>>;
using certificate_owner = std::unique_ptr<X509, released<X509, X509_free>>;
struct bio_closer {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using bio_owner = std::unique_ptr<BIO, bio_closer>;

certificate_owner self_signed(EVP_PKEY* key) {
    certificate_owner made(X509_new());
    std::uint64_t serial = 0;
    if (!made || RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return nullptr;
    auto* name = X509_get_subject_name(made.get());
    const auto* common = reinterpret_cast<const unsigned char*>("tightwad peer");
    const bool good =
        X509_set_version(made.get(), X509_VERSION_3) == 1 &&
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial >> 1U) == 1 &&
        ASN1_TIME_set_string_X509(X509_getm_notBefore(made.get()), "20200101000000Z") == 1 &&
        ASN1_TIME_set_string_X509(X509_getm_notAfter(made.get()), "99991231235959Z") == 1 && // RFC 5280: no end
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0) == 1 &&
        X509_set_issuer_name(made.get(), name) == 1 && X509_set_pubkey(made.get(), key) == 1 &&
        X509_sign(made.get(), key, EVP_sha256()) > 0;
    return good ? std::move(made) : nullptr;
}

std::string make_pem() {
    const key_owner key(EVP_EC_gen("P-256"));
    const bio_owner memory(BIO_new(BIO_s_mem()));
    if (!key || !memory) return {};
    const auto certificate = self_signed(key.get());
    if (!certificate ||
        PEM_write_bio_PKCS8PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
        PEM_write_bio_X509(memory.get(), certificate.get()) != 1)
        return {};
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &bytes);
    std::string pem(bytes, static_cast<std::size_t>(size));
    OPENSSL_cleanse(bytes, static_cast<std::size_t>(size));
    return pem;
}

// A new file that only its owner can read.
bool write_private(const fs::path& path, const std::string& bytes) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return false;
    const auto written = ::write(file, bytes.data(), bytes.size());
    const bool good = written == static_cast<ssize_t>(bytes.size()) && ::fsync(file) == 0;
    return ::close(file) == 0 && good;
}

// Writes the file unless another process has just done so.
result<void> make(const fs::path& path) {
    auto fresh = path;
    fresh += "." + std::to_string(::getpid());
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    fs::remove(fresh, failed); // left by a process of the same number that died
    auto pem = make_pem();
    if (pem.empty()) return fail(code::internal, "OpenSSL could not make a key for this machine's identity.");
    const bool written = write_private(fresh, pem);
    OPENSSL_cleanse(pem.data(), pem.size());
    if (written) fs::create_hard_link(fresh, path, failed);
    std::error_code ignored;
    fs::remove(fresh, ignored);
    if (!fs::exists(path, ignored))
        return fail(code::denied, "This machine's identity cannot be written to " + path.string() +
                                      "; set TIGHTWAD_STATE to a folder you can write.");
    return {};
}

} // namespace

result<identity> load_or_make_identity(const fs::path& folder) {
    const auto path = folder / "peer-identity.pem";
    std::error_code failed;
    if (!fs::exists(path, failed))
        if (auto made = make(path); !made) return made.error();
    struct ::stat about {};
    if (::stat(path.c_str(), &about) == 0 && (about.st_mode & 077U) != 0)
        return fail(code::denied, "The identity " + path.string() + " can be read by other users of this machine; run "
                                  "`chmod 600` on it, or remove it to have a new one made.");
    const bio_owner file(BIO_new_file(path.c_str(), "r"));
    const key_owner key(file ? PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr) : nullptr);
    const certificate_owner certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!key || !certificate || X509_check_private_key(certificate.get(), key.get()) != 1)
        return fail(code::corrupt, "The identity " + path.string() + " holds no key with its certificate; remove it "
                                   "to have a new one made, and invite the other machines anew.");
    return identity{path, fingerprint_of(certificate.get())};
}

bool is_fingerprint(std::string_view text) {
    return text.size() == 64 && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

} // namespace tw::net
