// Checks a plugin's own keys against the option table it declares.
#include <cmath>

#include <nlohmann/json.hpp>

#include "config/paths.hpp"
#include "config/sections.hpp"

namespace tw::sections {
namespace {

using toml_tree::member;
using toml_tree::value;

bool is_reference(const member& found) {
    return found.value.type == value::kind::table &&
           (found.value.find("env") != nullptr || found.value.find("file") != nullptr);
}

// A string option with such a name holds something that must not stand in a file.
bool is_secret_name(const std::string& name) {
    for (const char* ending : {"token", "key", "secret", "password"})
        if (name.ends_with(ending)) return true;
    return false;
}

std::string shown(double number) {
    if (!std::isfinite(number)) return "not finite";
    return number == std::floor(number) && std::abs(number) < 1e15
               ? std::to_string(static_cast<std::int64_t>(number))
               : nlohmann::json(number).dump();
}

class option_reader {
  public:
    option_reader(table_reader& reader, node_config& node, report& out)
        : reader_(reader), node_(node), report_(out) {}

    void read(const option_info& option) {
        const auto* found = reader_.take(option.name);
        if (found == nullptr) {
            if (option.required) reader_.missing(option.name, option.help);
            return;
        }
        switch (option.type) {
        case TW_OPTION_STRING: text(option, *found); break;
        case TW_OPTION_INTEGER: integer(option, *found); break;
        case TW_OPTION_NUMBER:
            if (const auto number = reader_.number(option.name); number && in_range(option, *found, *number))
                json_[option.name] = *number;
            break;
        case TW_OPTION_BOOLEAN:
            if (const auto flag = reader_.boolean(option.name)) json_[option.name] = *flag;
            break;
        case TW_OPTION_PATH:
        case TW_OPTION_NAME_OR_PATH: path(option, *found); break;
        default: break;
        }
    }

    [[nodiscard]] std::string json() const { return json_.dump(); }

  private:
    void text(const option_info& option, const member& found) {
        if (is_reference(found) || is_secret_name(option.name)) {
            if (auto secret = reader_.secret(option.name))
                node_.secrets.emplace(option.name, std::move(*secret));
        } else if (auto words = reader_.text(option.name)) {
            json_[option.name] = std::move(*words);
        }
    }

    void integer(const option_info& option, const member& found) {
        const auto number = reader_.integer(option.name, std::numeric_limits<std::int64_t>::min(),
                                            std::numeric_limits<std::int64_t>::max());
        if (number && in_range(option, found, static_cast<double>(*number))) json_[option.name] = *number;
    }

    void path(const option_info& option, const member& found) {
        const auto written = reader_.text(option.name);
        if (!written) return;
        if (written->empty() || written->find('\0') != std::string::npos)
            report_.add(found.value.at, "\"" + option.name + "\" must name a file.");
        else if (option.type == TW_OPTION_NAME_OR_PATH && is_name(*written)) json_[option.name] = *written;
        else if (const auto file = resolve_file(*written, report_.folder)) json_[option.name] = file->string();
        else report_.add(found.value.at, file.error().message);
    }

    [[nodiscard]] bool is_name(const std::string& written) const {
        std::error_code ignored;
        return written.find_first_of("/:") == std::string::npos &&
               !std::filesystem::exists(report_.folder / written, ignored);
    }

    bool in_range(const option_info& option, const member& found, double number) {
        const bool bounded = option.min != 0 || option.max != 0;
        if (std::isfinite(number) && (!bounded || (number >= option.min && number <= option.max)))
            return true;
        report_.add(found.value.at,
                    "\"" + option.name + "\" is " + shown(number) +
                        (bounded ? "; it must be from " + shown(option.min) + " to " + shown(option.max) + "."
                                 : "; it must be a plain number."));
        return false;
    }

    table_reader& reader_;
    node_config& node_;
    report& report_;
    nlohmann::json json_ = nlohmann::json::object();
};

} // namespace

void read_options(table_reader& reader, const std::vector<option_info>& options, node_config& node,
                  report& out) {
    option_reader each(reader, node, out);
    for (const auto& option : options) each.read(option);
    node.options_json = each.json();
}

} // namespace tw::sections
