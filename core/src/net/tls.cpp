// OpenSSL contexts.
#include "net/tls.hpp"

namespace tw::net {

namespace ssl = boost::asio::ssl;

ssl::context client_tls() {
    ssl::context out(ssl::context::tlsv13_client);
    out.set_verify_mode(ssl::verify_none);
    return out;
}

result<ssl::context> server_tls(const identity& mine) {
    ssl::context out(ssl::context::tlsv13_server);
    // No session tickets: every link shows the certificate, and no link outlives a change of it.
    SSL_CTX_set_num_tickets(out.native_handle(), 0);
    boost::system::error_code failed;
    out.use_certificate_chain_file(mine.pem.string(), failed);
    if (!failed) out.use_private_key_file(mine.pem.string(), ssl::context::pem, failed);
    if (failed)
        return fail(code::corrupt, "The identity " + mine.pem.string() + " cannot be used for TLS (" +
                                       failed.message() + "); remove it to have a new one made.");
    return out;
}

boost::system::error_code trust(ssl::context& context, const std::string& ca_file) {
    boost::system::error_code failed;
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    context.set_verify_mode(ssl::verify_peer, failed);
    if (failed) return failed;
    if (ca_file.empty()) context.set_default_verify_paths(failed);
    else context.load_verify_file(ca_file, failed);
    return failed;
}

} // namespace tw::net
