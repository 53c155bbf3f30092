// A YAML file as the plain tree that the configuration's own files become, with limits on what a stranger may ask for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/document.hpp"

namespace tw::migrate {

inline constexpr std::size_t max_yaml_bytes = 256U << 10U; // a cluster.yaml has two thousand
inline constexpr int max_yaml_depth = 32;
inline constexpr std::size_t max_yaml_values = 20000; // what an alias stands for is counted each time

// One document of YAML 1.1, read as PyYAML's safe loader does: yes, no, on and off are booleans, "<<" merges maps, of
// a key that stands twice the last counts. A key without a value is left out. The error names the first fault: no YAML,
// no UTF-8, beyond the limits, a second document, a tag or a key that is not plain. It quotes nothing of the file.
[[nodiscard]] boost::system::result<toml_tree::value, std::vector<diagnostic>> read_yaml(std::string_view text,
                                                                                         const std::string& file);

} // namespace tw::migrate
