// What a conformance case says about a plugin.
#pragma once

#include <string>
#include <utility>

namespace tw::testkit {

struct verdict {
    enum class kind { passed, failed, skipped };
    kind result = kind::passed;
    std::string sentence;
};

[[nodiscard]] inline verdict passed(std::string sentence) {
    return {verdict::kind::passed, std::move(sentence)};
}
[[nodiscard]] inline verdict failed(std::string sentence) {
    return {verdict::kind::failed, std::move(sentence)};
}
[[nodiscard]] inline verdict skipped(std::string sentence) {
    return {verdict::kind::skipped, std::move(sentence)};
}

} // namespace tw::testkit
