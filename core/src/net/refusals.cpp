// The sentences of attempts that failed.
#include "net/refusals.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>

namespace tw::net {

namespace asio = boost::asio;
using boost::system::error_code;

std::string name_of(const peer_address& peer) { return "The peer at " + peer.url(); }

error refusals::no_address(error_code why) const {
    return fail(code::not_found, "The name " + options_.peer.host + " of the peer at " + options_.peer.url() +
                                     " has no address (" + why.message() +
                                     "); check the name or write the machine's IP address.");
}

error refusals::unreachable(error_code why) const {
    if (why == boost::beast::error::timeout) return too_late();
    if (why == asio::error::connection_refused)
        return fail(code::unavailable, "No Tightwad peer answers at " + options_.peer.url() +
                                           "; start it on that machine with `tightwad peer start`.");
    return fail(code::unavailable, name_of(options_.peer) + " is not reached (" + why.message() + ").");
}

error refusals::no_tls(error_code why) const {
    if (why == boost::beast::error::timeout) return too_late();
    return fail(code::unsupported, name_of(options_.peer) + " does not answer in TLS (" + why.message() +
                                       "); if it was started without, write tw:// and no fingerprint.");
}

error refusals::other_certificate(const std::string& shown) const {
    return fail(code::denied, name_of(options_.peer) + " shows a certificate with the fingerprint " + shown +
                                  ", not the pinned " + options_.fingerprint +
                                  ": it has a new identity, or another machine answers in its place. Compare with "
                                  "`tightwad peer invite` there.");
}

error refusals::declined(unsigned http_status) const {
    const auto who = name_of(options_.peer);
    if (http_status == 401 && options_.token.empty())
        return fail(code::denied, who + " asks for a token and none is configured; `tightwad peer invite` there shows it.");
    if (http_status == 401)
        return fail(code::denied, who + " refused the token; `tightwad peer invite` there shows the right one.");
    if (http_status == 503)
        return fail(code::busy, who + " already serves as many connections as it takes; end one of them.");
    return fail(code::unsupported, "What answers at " + options_.peer.url() + " is no Tightwad peer (HTTP status " +
                                       std::to_string(http_status) + "); check the port.");
}

error refusals::broken(error_code why) const {
    if (why == boost::beast::error::timeout) return too_late();
    if (why.category() == boost::beast::http::make_error_code(boost::beast::http::error::bad_version).category() &&
        why != boost::beast::http::error::end_of_stream && why != boost::beast::http::error::partial_message)
        return fail(code::unsupported, "What answers at " + options_.peer.url() + " does not speak HTTP (" +
                                           why.message() + "); if that peer uses TLS, write tws:// and its fingerprint.");
    return fail(code::unavailable, name_of(options_.peer) + " ended the connection before it answered (" +
                                       why.message() + ").");
}

error refusals::too_late() const {
    return fail(code::timed_out, name_of(options_.peer) + " did not answer within " +
                                     std::to_string(options_.connect_timeout.count()) +
                                     " ms; check the address, and that the firewall there lets port " + port() +
                                     " through.");
}

} // namespace tw::net
