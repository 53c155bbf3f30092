// What went wrong: a code for programs, one full sentence for people.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <boost/system/result.hpp>

#include <tightwad/abi/base.h>

namespace tw {

// The contract's codes under C++ names; the values are TW_* of abi/base.h.
enum class code : tw_code {
    invalid_argument = TW_INVALID_ARGUMENT,
    not_found = TW_NOT_FOUND,
    unsupported = TW_UNSUPPORTED,
    context_overflow = TW_CONTEXT_OVERFLOW,
    busy = TW_BUSY,
    unavailable = TW_UNAVAILABLE,
    timed_out = TW_TIMED_OUT,
    cancelled = TW_CANCELLED,
    denied = TW_DENIED,
    corrupt = TW_CORRUPT,
    internal = TW_INTERNAL,
};

// `message` names the thing, the number and the remedy. `where` is a file:line:column, a path or a
// table name, empty when the message says it all. `param` is the request field at fault, if any.
struct error {
    tw::code code = tw::code::internal;
    std::string message;
    std::string where{};
    std::string param{};
    std::chrono::milliseconds retry_after{0};
    bool of_server = false; // what a server elsewhere sent is at fault, not a part of this program
};

template <class T> using result = boost::system::result<T, error>;

[[nodiscard]] inline error fail(tw::code code, std::string message) {
    return {.code = code, .message = std::move(message)};
}

// A C string field filled with as much of `message` as fits, cut at a code point.
void fill(tw_error* out, tw::code code, std::string_view message,
          std::chrono::milliseconds retry_after = std::chrono::milliseconds{0});

// The error a plugin reported; a code outside the contract becomes `internal`.
[[nodiscard]] error from_abi(tw_code code, const tw_error& reported);

// An empty tw_error to hand to a plugin.
[[nodiscard]] tw_error empty_error();

} // namespace tw

// boost::system::result needs to know how value() of a failed result throws.
namespace tw {
[[noreturn]] void throw_exception_from_error(const error& failure, const boost::source_location&);
}
