// Where the body of a request that is passed on names its model, in bytes that nothing else may touch.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tw::front {

struct model_place {
    std::string model{};           // empty = the body names none
    std::size_t at = 0, size = 0;  // of the bytes that say so
    bool json = false;             // a JSON string with its quotes; else the text of a form's field
};

/// The member "model" of a JSON object, or the field "model" of multipart/form-data. A body of another type names none, and
/// what is sent without a type that is known counts as JSON when it is an object. Errors: JSON or a form by its type that is
/// none, a model that is no text, or is longer than 1024 bytes, or is named twice: who reads the first and who reads the
/// last would see two requests. Any bytes are safe.
[[nodiscard]] result<model_place> place_of_model(std::string_view content_type, std::string_view body);

} // namespace tw::front
