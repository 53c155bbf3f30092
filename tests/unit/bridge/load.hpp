// The table of an interface of a test plugin.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "plugin/load.hpp"

template <class Api> const Api& load_table(const std::string& name, const char* interface_id) {
    const auto entry =
        tw::load(std::filesystem::path(TW_BINARY_DIR) / "tests/plugins" / (name + ".so"));
    if (!entry) throw std::runtime_error(entry.error().message);
    return *static_cast<const Api*>((*entry)->query(interface_id));
}
