// TIGHTWAD_PLUGIN: the one line that turns classes into a plugin.
#pragma once

#include <array>
#include <string_view>

#include <tightwad/abi/plugin.h>

namespace tw::sdk::detail {

// Each class derives from one of backend, engine, verifier or chat_template, whose `query` knows
// the interface's id.
template <class... Classes> const void* query(const char* interface_id) noexcept {
    if (interface_id == nullptr) return nullptr;
    const void* found = nullptr;
    ((found = found != nullptr ? found : Classes::template query<Classes>(interface_id)), ...);
    return found;
}

// The author's `static constexpr std::array options` as the null-terminated table of the contract.
template <class Class> struct option_table {
    static constexpr auto pointers = [] {
        std::array<const tw_option*, Class::options.size() + 1> all{};
        for (std::size_t i = 0; i < Class::options.size(); ++i)
            all[i] = &Class::options[i];
        return all;
    }();
};

template <class Class> constexpr const tw_option* const* options_of() {
    if constexpr (requires { Class::options.size(); })
        return option_table<Class>::pointers.data();
    else
        return nullptr;
}

} // namespace tw::sdk::detail

// TIGHTWAD_PLUGIN("id", "version", "One sentence for `tightwad plugins`.", classes...)
// Once per plugin, at file scope. The id is also the file's name without ".so". A class implements
// one interface; a plugin may list several classes.
#define TIGHTWAD_PLUGIN(plugin_id, plugin_version, plugin_summary, ...)                            \
    const tw_plugin tightwad_plugin_v1 = {sizeof(tw_plugin),                                       \
                                          TW_ABI_MINOR,                                            \
                                          0,                                                       \
                                          plugin_id,                                               \
                                          plugin_version,                                          \
                                          plugin_summary,                                          \
                                          &::tw::sdk::detail::query<__VA_ARGS__>};                 \
    static_assert(true, "a semicolon may follow")
