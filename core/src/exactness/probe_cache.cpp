// What the probe found, kept from one start to the next.
#include "exactness/probe_cache.hpp"

#include <atomic>
#include <cmath>
#include <fstream>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "config/paths.hpp"
#include "plugin/sha256.hpp"

namespace tw {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int revision = 2; // of the probe: raised when it would find something else
constexpr std::size_t most_bytes = std::size_t{64} << 10U, most_findings = 64,
                      longest_finding = 1000;
constexpr std::int32_t most_rows = 1 << 20;

fs::path file_of(const fs::path& folder, std::string_view key) {
    sha256 hash;
    hash.update(key);
    return folder / (hash.hex() + ".json");
}

std::optional<std::int32_t> count(const json& object, const char* field, std::int32_t least) {
    const auto found = object.find(field);
    if (found == object.end() || !found->is_number_integer()) return {};
    const auto value = found->get<std::int64_t>();
    if (value < least || value > most_rows) return {};
    return static_cast<std::int32_t>(value);
}

std::optional<bool> flag(const json& object, const char* field) {
    const auto found = object.find(field);
    if (found == object.end() || !found->is_boolean()) return {};
    return found->get<bool>();
}

std::optional<double> milliseconds(const json& object, const char* field) {
    const auto found = object.find(field);
    if (found == object.end() || !found->is_number()) return {};
    const auto value = found->get<double>();
    if (!std::isfinite(value) || value < 0) return {};
    return value;
}

std::optional<exactness_class> kind_of(const json& object) {
    const auto found = object.find("class");
    if (found == object.end() || !found->is_string()) return {};
    for (const auto kind :
         {exactness_class::bitwise, exactness_class::shape_class, exactness_class::numeric})
        if (found->get_ref<const std::string&>() == name(kind)) return kind;
    return {};
}

bool read_findings(const json& object, std::vector<std::string>& out) {
    const auto found = object.find("findings");
    if (found == object.end() || !found->is_array() || found->size() > most_findings) return false;
    for (const auto& each : *found) {
        if (!each.is_string() || each.get_ref<const std::string&>().size() > longest_finding)
            return false;
        out.push_back(each.get<std::string>());
    }
    return true;
}

json as_json(const exactness_report& report) {
    auto findings = json::array();
    for (const auto& each : report.findings) {
        if (findings.size() == most_findings) break;
        const auto valid = to_valid_utf8(each);
        findings.push_back(std::string(cut_utf8(valid, longest_finding)));
    }
    return {{"class", name(report.kind)},     {"rows_least", report.rows.least},
            {"rows_most", report.rows.most},  {"reusable", report.reusable},
            {"one_sequence", report.one_sequence},
            {"cells", report.cells},          {"complete", report.complete},
            {"plain_ms", report.plain_ms},    {"padded_ms", report.padded_ms},
            {"findings", std::move(findings)}};
}

std::optional<exactness_report> from_json(const json& object) {
    if (!object.is_object()) return {};
    const auto kind = kind_of(object);
    const auto least = count(object, "rows_least", 1), most = count(object, "rows_most", 1);
    const auto cells = count(object, "cells", 0);
    const auto plain = milliseconds(object, "plain_ms"), padded = milliseconds(object, "padded_ms");
    const auto reusable = flag(object, "reusable"), complete = flag(object, "complete");
    const auto one_sequence = flag(object, "one_sequence");
    if (!kind || !least || !most || *least > *most || !reusable || !one_sequence || !cells || !complete || !plain ||
        !padded)
        return {};
    exactness_report report{.kind = *kind,
                            .rows = {*least, *most},
                            .one_sequence = *one_sequence,
                            .reusable = *reusable,
                            .cells = *cells,
                            .complete = *complete,
                            .plain_ms = *plain,
                            .padded_ms = *padded,
                            .findings = {}};
    if (!read_findings(object, report.findings)) return {};
    return report;
}

std::optional<std::string> small_file(const fs::path& path) {
    std::error_code none;
    if (!fs::is_regular_file(path, none)) return {}; // a pipe would block
    std::ifstream file(path, std::ios::binary);
    std::string text(most_bytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.empty() || text.size() > most_bytes) return {};
    return text;
}

} // namespace

fs::path probe_folder() {
    return cache_folder() / "exactness";
}

std::optional<exactness_report> load_probe(const fs::path& folder, std::string_view key) {
    const auto text = small_file(file_of(folder, key));
    if (!text) return {};
    const auto file = json::parse(*text, nullptr, false);
    if (!file.is_object() || file.value("probe", json()) != revision ||
        file.value("key", json()) != to_valid_utf8(key))
        return {};
    return from_json(file.value("report", json()));
}

result<void> store_probe(const fs::path& folder, std::string_view key,
                         const exactness_report& report) {
    static std::atomic<unsigned> written{0};
    const auto path = file_of(folder, key);
    const auto text =
        json{{"probe", revision}, {"key", to_valid_utf8(key)}, {"report", as_json(report)}}.dump(2);
    if (text.size() > most_bytes)
        return fail(code::invalid_argument, "The probe's result is " + std::to_string(text.size()) +
                                                " bytes long and is not kept; the limit is 65536.");
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    const auto part = path.string() + "." + std::to_string(::getpid()) + "-" +
                      std::to_string(written++) + ".part";
    {
        std::ofstream file(part, std::ios::binary | std::ios::trunc);
        file << text << "\n";
        file.flush();
        if (!file) {
            fs::remove(part, ignored);
            return fail(code::unavailable,
                        "The probe's result cannot be written to " + folder.string() +
                            "; make it writable or set TIGHTWAD_CACHE to a folder that is.");
        }
    }
    std::error_code failed;
    fs::rename(part, path, failed);
    if (failed) {
        fs::remove(part, ignored);
        return fail(code::unavailable, "The probe's result cannot be kept as " + path.string() +
                                           ": " + failed.message() + ".");
    }
    return {};
}

} // namespace tw
