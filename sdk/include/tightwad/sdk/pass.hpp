// A request that is handed on as it came, and the one thing in it that may change: the model's name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tightwad/abi/ext/pass.h>
#include <tightwad/sdk/error.hpp>
#include <tightwad/sdk/json.hpp>

namespace tw::sdk {

// As tw_pass_request. The views are borrowed until the function that was given it returns.
class pass_request {
  public:
    // Throws where the struct is too small, or the name lies outside the body.
    explicit pass_request(const tw_pass_request& from)
        : target(view(from.target)), content_type(view(from.content_type)), accept(view(from.accept)), body(view(from.body)),
          name_at_(from.name_at), name_size_(from.name_size), name_is_json_(from.name_is_json != 0) {
        if (from.size < sizeof(tw_pass_request) || name_at_ > body.size() || name_size_ > body.size() - name_at_)
            throw failure{TW_INVALID_ARGUMENT, "The request to be passed on is not sound."};
    }

    const std::string_view target, content_type, accept, body;

    // The body with the model called `name`: as it came where it says so already, where it names none, and where `name` is
    // empty, for a server that needs none.
    [[nodiscard]] std::string body_naming(const std::string& name) const {
        if (name.empty() || name_size_ == 0 || named() == name) return std::string(body);
        std::string out(body.substr(0, name_at_));
        out += name_is_json_ ? json::quote(name) : name;
        return out.append(body.substr(name_at_ + name_size_));
    }

  private:
    [[nodiscard]] std::string named() const {
        const auto written = body.substr(name_at_, name_size_);
        return name_is_json_ ? json::value::parse(written).as_string() : std::string(written);
    }

    std::uint64_t name_at_, name_size_;
    bool name_is_json_;
};

} // namespace tw::sdk
