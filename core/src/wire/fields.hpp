// Helps to describe a message once for writer and reader: fields(io, message).
#pragma once

#include <concepts>
#include <type_traits>

#include "wire/bytes.hpp"
#include "wire/limits.hpp"

namespace tw::wire {

// A `Message` to write from or to read into.
template <class T, class Message> concept is = std::same_as<std::remove_const_t<T>, Message>;

// Token ids are never negative.
inline void tokens(auto& io, auto& ids, const char* field, std::size_t most = max_list_tokens) {
    io.list(ids, field, most, [field](auto& each, auto& id) { each.varint(id, field); });
}

} // namespace tw::wire
