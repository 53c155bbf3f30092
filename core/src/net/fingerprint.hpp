// The fingerprint of a certificate. Internal: names OpenSSL's types.
#pragma once

#include <string>

#include <openssl/x509.h>

namespace tw::net {

// SHA-256 of the DER form, 64 lower-case hex digits.
[[nodiscard]] std::string fingerprint_of(const X509* certificate);

} // namespace tw::net
