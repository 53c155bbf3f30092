// The sentences of requests that failed.
#include "net/http_faults.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>

#include "base/text.hpp"

namespace tw::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

error http_faults::no_address(error_code why) const {
    return fail(code::unavailable, "The name " + url_.host + " of the server at " + url_.origin() +
                                       " has no address (" + why.message() + "); check the name in url.");
}

error http_faults::forbidden(const std::string& address, std::string_view why) const {
    return fail(code::unavailable, server() + " is not asked: its address " + address + " is " + std::string(why) + ".");
}

error http_faults::unreachable(error_code why) const {
    if (why == asio::error::connection_refused)
        return fail(code::unavailable, "Nothing answers at " + url_.origin() +
                                           " (connection refused); start that server, or correct url.");
    if (why == boost::beast::error::timeout) return silent("did not accept a connection", request_.connect_timeout);
    return fail(code::unavailable, server() + " is not reached (" + why.message() + ").");
}

error http_faults::no_tls(error_code why, const std::string& certificate) const {
    if (!certificate.empty())
        return fail(code::unavailable, server() + " shows a certificate that is not trusted for " + url_.host + " (" +
                                           certificate + "); correct the name, or name its authority with ca_file.");
    return fail(code::unavailable, server() + " does not speak TLS (" + why.message() + "); if it has none, write http://.");
}

error http_faults::no_authorities(error_code why) const {
    return fail(code::invalid_argument, "The authorities in " +
                                            (request_.ca_file.empty() ? std::string("the system's store") : request_.ca_file) +
                                            " cannot be read (" + why.message() + "); ca_file must be a PEM file.");
}

error http_faults::lost(error_code why) const {
    if (why == http::error::header_limit || why == http::error::buffer_overflow)
        return fail(code::corrupt, server() + " sent a head of more than 64 KiB.");
    if (why == http::error::body_limit) return cut(why);
    const bool not_http = why.category() == error_code(http::error::bad_version).category() &&
                          why != http::error::end_of_stream && why != http::error::partial_message;
    if (not_http)
        return fail(code::corrupt, server() + " does not answer in HTTP/1.1 (" + why.message() + "); check scheme and port in url.");
    return fail(code::unavailable, server() + " closed the connection before it answered (" + why.message() + ").");
}

error http_faults::cut(error_code why) const {
    if (why == http::error::body_limit)
        return fail(code::corrupt, server() + " sent an answer of more than " + std::to_string(request_.max_body_bytes) +
                                       " bytes, the most that is taken.");
    const bool malformed = why.category() == error_code(http::error::bad_version).category() &&
                           why != http::error::end_of_stream && why != http::error::partial_message;
    if (malformed) return fail(code::corrupt, server() + " sent a damaged answer (" + why.message() + ").");
    return fail(code::unavailable, server() + " broke off in the middle of its answer (" + why.message() + ").");
}

error http_faults::redirected(int status, std::string_view to) const {
    const auto place = to.empty() ? std::string("nowhere") : "'" + to_valid_utf8(cut_utf8(to, 200)) + "'";
    return fail(code::unavailable, server() + " redirects to " + place + " (HTTP status " + std::to_string(status) +
                                       "), which is not followed; if that is the right place, write it as url.");
}

error http_faults::silent(std::string_view when, std::chrono::milliseconds limit) const {
    return fail(code::timed_out, server() + ' ' + std::string(when) + " within " + std::to_string(limit.count()) + " ms.");
}

} // namespace tw::net
