// The sentences of attempts that failed.
#include "net/refusals.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <nlohmann/json.hpp>

#include "base/json_depth.hpp"
#include "base/text.hpp"

namespace tw::net {

namespace asio = boost::asio;
using boost::system::error_code;

std::string name_of(const peer_address& peer) { return "The peer at " + peer.url(); }

error refusals::no_address(error_code why) const {
    return fail(code::not_found, "The name " + options_.peer.host + " of the peer at " + options_.peer.url() +
                                     " has no address (" + why.message() +
                                     "); check the name or write the machine's IP address.");
}

error refusals::forbidden(const std::string& address, std::string_view why) const {
    return fail(code::unavailable, name_of(options_.peer) + " is not dialled: its address " + address + " is " +
                                       std::string(why) + ".");
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

namespace {

// The sentence of {"error":{"message":…}}, cut and cleaned; empty when it is none.
std::string sentence_of(const std::string& body) {
    if (body.size() > 16384 || json_deeper_than(body, 8)) return {};
    const auto parsed = nlohmann::json::parse(body, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("error") || !parsed["error"].is_object()) return {};
    const auto& message = parsed["error"].contains("message") ? parsed["error"]["message"] : parsed["error"];
    return message.is_string() ? to_valid_utf8(cut_utf8(message.get<std::string>(), 600)) : std::string();
}

code code_of(unsigned http_status) {
    switch (http_status) {
    case 400: return code::invalid_argument;
    case 403: return code::denied;
    case 404: return code::not_found;
    case 409: return code::busy;
    case 504: return code::timed_out;
    default: return code::unavailable;
    }
}

} // namespace

error refusals::declined(unsigned http_status, const std::string& body) const {
    const auto who = name_of(options_.peer);
    if (const auto said = sentence_of(body); http_status != 401 && !said.empty())
        return fail(code_of(http_status), who + " refused: " + said);
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
