// Helps to describe a message once for writer and reader: fields(io, message).
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <variant>

#include "wire/bytes.hpp"
#include "wire/limits.hpp"

namespace tw::wire {

// A `Message` to write from or to read into.
template <class T, class Message> concept is = std::same_as<std::remove_const_t<T>, Message>;

// Token ids are never negative.
inline void tokens(auto& io, auto& ids, const char* field, std::size_t most = max_list_tokens) {
    io.list(ids, field, most, [field](auto& each, auto& id) { each.varint(id, field); });
}

// The alternative at `index`, empty.
template <class... Each> void choose(std::variant<Each...>& out, std::size_t index) {
    std::size_t at = 0;
    ((at++ == index ? static_cast<void>(out.template emplace<Each>()) : void()), ...);
}

// One of several: its number, then its own fields.
void one_of(auto& io, auto& several, const char* field) {
    auto which = several.index();
    io.varint(which, field, std::variant_size_v<std::remove_reference_t<decltype(several)>> - 1);
    if constexpr (std::remove_reference_t<decltype(io)>::reading) choose(several, which);
    std::visit([&io](auto& one) { fields(io, one); }, several);
}

} // namespace tw::wire
