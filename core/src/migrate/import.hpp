// Turns a cluster.yaml of the Python Tightwad into a configuration, and names every difference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrate/difference.hpp"

namespace tw::migrate {

struct imported {
    std::string toml;                    // a whole configuration, without any secret
    std::vector<difference> differences; // in the order of the file
};

// `file` is what differences and mistakes refer to. The error: it is no YAML, or leaves nothing to serve.
[[nodiscard]] boost::system::result<imported, std::vector<diagnostic>> import_cluster(std::string_view yaml,
                                                                                      const std::string& file);

} // namespace tw::migrate
