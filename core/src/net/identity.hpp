// What proves to others that a machine is the one they were told about: a self-signed certificate.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tw::net {

struct identity {
    std::filesystem::path pem; // private key and certificate
    std::string fingerprint;   // SHA-256 of the certificate in DER, 64 lower-case hex digits
};

// The identity kept in `folder` (peer-identity.pem, mode 0600), made there at the first call: an EC P-256 key
// and a certificate that does not expire, since it is trusted by its fingerprint alone. Errors: the folder
// cannot be written, or the file there is readable by others or damaged; it is never replaced. Any thread,
// also several processes at once.
[[nodiscard]] result<identity> load_or_make_identity(const std::filesystem::path& folder);

[[nodiscard]] bool is_fingerprint(std::string_view text); // 64 lower-case hex digits

} // namespace tw::net
