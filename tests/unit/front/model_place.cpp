// Where a body names its model.
#include "front/model_place.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace tw;
using namespace tw::front;

namespace {

// The bytes that name it, or the sentence.
std::string found(std::string_view type, std::string_view body) {
    const auto place = place_of_model(type, body);
    if (!place) return place.error().message;
    if (place->size == 0) return place->model.empty() ? "-" : "a name without a place";
    return std::string(body.substr(place->at, place->size)) + (place->json ? " json " : " text ") + place->model;
}

const std::string_view json = "application/json; charset=utf-8";
const std::string_view form = "Multipart/Form-Data; boundary=b";

std::string part(const std::string& name, const std::string& value) {
    return "--b\r\nContent-Disposition: form-data; name=" + name + "\r\n\r\n" + value + "\r\n";
}

} // namespace

TEST_CASE("the member of a JSON object, wherever it stands") {
    CHECK(found(json, R"({"model":"m"})") == R"("m" json m)");
    CHECK(found(json, " {\n \"a\": [1, {\"model\": \"x\"}], \"b\":\"\\\"model\\\":\", \"model\" \t:\r\n \"a\\u00e9\\n\" , \"c\": -1.5e3}") ==
          "\"a\\u00e9\\n\" json a\xC3\xA9\n");
    CHECK(found(json, R"({"c":true,"mod\u0065l":"m"})") == R"("m" json m)");
    CHECK(found(json, "\xEF\xBB\xBF{\"model\":\"m\"}") == R"("m" json m)");
    CHECK(found("", R"({"model":"m"})") == R"("m" json m)");
    CHECK(found("application/x-www-form-urlencoded", R"( {"model":"m"})") == R"("m" json m)");
    for (const auto* none : {"{}", R"({"models":"m","a":{"model":"x"}})", R"({"model":null})", R"({"model":""})"}) {
        INFO(none);
        const auto place = place_of_model(json, none);
        REQUIRE(place.has_value());
        CHECK(place->model.empty());
    }
}

TEST_CASE("what is no JSON, or names no one model, is refused in words") {
    CHECK(found(json, R"({"model":"a","x":1,"model":"b"})") == "'model' is named twice; name it once.");
    CHECK(found(json, R"({"model":5})") == "'model' must be a string, not the number 5.");
    CHECK(found(json, R"({"model":"m")").starts_with("The request body is not valid JSON"));
    CHECK(found(json, "").starts_with("The request has no body"));
    CHECK(found(json, R"(["m"])").starts_with("The request body must be a JSON object"));
    CHECK(found(json, R"({"model":")" + std::string(1025, 'm') + "\"}") == "'model' must be text of at most 1024 bytes.");
    CHECK(found("audio/wav", R"({"model":"m"})") == "-");
    CHECK(found("", "RIFF") == "-");
    CHECK(found("", "") == "-");
}

TEST_CASE("the field of a form, and no file that is called so") {
    CHECK(found(form, part("model", "m") + "--b--") == "m text m");
    CHECK(found(form, part("\"model\"", "m") + "--b--") == "m text m");
    CHECK(found(form, "x\r\n" + part("a", "--b") + part("\"mo\\del\"", "m n") + part("z", "") + "--b--\r\nrest") == "m n text m n");
    CHECK(found(form, part("model; filename=x", "m") + "--b--") == "-");
    CHECK(found(form, part("models", "m") + "--b--") == "-");
    CHECK(found(form, "--b--") == "-");
    CHECK(found("multipart/form-data; boundary=\"a b\"", "--a b\r\nA: b\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--a b--") == "m text m");
}

TEST_CASE("what is no form is refused in words") {
    const std::string begin = "The request body is not valid multipart/form-data: ";
    CHECK(found("multipart/form-data", "--b--") == begin + "its Content-Type names no boundary of 1 to 70 bytes.");
    CHECK(found(form, "") == begin + "its boundary does not occur.");
    CHECK(found(form, part("model", "m")) == begin + "it is cut off: no boundary ends the part at byte 51.");
    CHECK(found(form, "--bx\r\n\r\n\r\n--b--") == begin + "something stands behind a boundary, at byte 3.");
    CHECK(found(form, "--b\r\nno end") == begin + "the head of a part, at byte 3, has no end or more than 16384 bytes.");
    CHECK(found(form, part("model", "m") + part("model", "m") + "--b--") == "'model' is named twice; name it once.");
    CHECK(found(form, part("model", "\xFF") + "--b--") == "'model' must be text of at most 1024 bytes.");
    std::string many;
    for (int i = 0; i < 1025; ++i) many += "--b\r\n\r\n\r\n";
    CHECK(found(form, many + "--b--") == begin + "it has more than 1024 parts.");
    const auto whole = part("model", "m") + "--b--";
    for (std::size_t at = 0; at < whole.size(); ++at) // no cut is taken for the whole
        CHECK(found(form, whole.substr(0, at)) != "m text m");
}
