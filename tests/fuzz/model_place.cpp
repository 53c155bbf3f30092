// Fuzz target: any bytes may be the body of a request that is passed on; what names its model lies inside them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "front/model_place.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tw::front;
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    // The first line may be the type of a form.
    const auto line = body.substr(0, body.find('\n'));
    for (const auto type : {std::string_view("application/json"), std::string_view("multipart/form-data; boundary=b"), std::string_view(), line}) {
        const auto place = place_of_model(type, body);
        if (!place) {
            if (place.error().message.empty()) __builtin_trap();
            continue;
        }
        if (place->at > body.size() || place->size > body.size() - place->at) __builtin_trap();
        const auto written = body.substr(place->at, place->size);
        if (!place->json) {
            if (place->size > 0 && written != place->model) __builtin_trap();
            continue;
        }
        // The bytes are that string, and with another in their place the body is JSON that names another model.
        if (nlohmann::json::parse(written).get<std::string>() != place->model) __builtin_trap();
        const auto renamed = std::string(body.substr(0, place->at)) + "\"other\"" + std::string(body.substr(place->at + place->size));
        const auto again = place_of_model(type, renamed);
        if (!again || again->model != "other" || again->at != place->at) __builtin_trap();
        if (nlohmann::json::parse(renamed)["model"] != "other") __builtin_trap();
    }
    return 0;
}
