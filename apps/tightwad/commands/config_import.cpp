// `tightwad config import FILE`: a cluster.yaml of the Python Tightwad as a configuration, every difference named.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "commands/commands.hpp"
#include "commands/setup.hpp"
#include "commands/terminal.hpp"
#include "migrate/import.hpp"
#include "migrate/yaml.hpp"

namespace tw::cli {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

result<std::string> read(const fs::path& file) {
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return fail(code::not_found, "The file " + file.string() + " is not there.");
    std::ifstream in(file, std::ios::binary);
    std::string text(migrate::max_yaml_bytes + 1, '\0'); // one more, so that a larger file is seen
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (fs::is_directory(file, ignored) || in.bad() || (!in && !in.eof()))
        return fail(code::denied, "The file " + file.string() + " cannot be read.");
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

// Never over another file: a configuration is somebody's work.
result<void> write_new(const fs::path& file, const std::string& text) {
    const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (made < 0 && errno == EEXIST)
        return fail(code::denied, file.string() + " is there already, and was left alone. Name another file, or remove "
                                                  "that one.");
    const auto size = static_cast<ssize_t>(text.size());
    const bool written = made >= 0 && ::write(made, text.data(), text.size()) == size && ::fsync(made) == 0;
    const std::string why = std::strerror(errno);
    if (made >= 0) ::close(made);
    if (written) return {};
    if (made >= 0) ::unlink(file.c_str());
    return fail(code::denied, "The file " + file.string() + " cannot be written: " + why + ".");
}

void print(const std::vector<migrate::difference>& differences) {
    for (const auto& one : differences)
        std::cerr << paint(STDERR_FILENO, tint::bold, to_string(one.at) + ":") << ' '
                  << paint(STDERR_FILENO, one.kind == migrate::difference_kind::made_safe ? tint::red : tint::yellow,
                           std::string(migrate::word_of(one.kind)) + ":")
                  << ' ' << one.key << ": " << one.message << '\n';
    std::cerr.flush();
}

json place_of(const location& at) { return {{"file", at.file}, {"line", at.line}, {"column", at.column}}; }

// Null is what there is not: the text where it was written to a file, both where there are mistakes.
void print_json(const migrate::imported* made, const std::vector<diagnostic>& mistakes,
                const std::optional<fs::path>& written) {
    auto different = json::array(), wrong = json::array();
    if (made != nullptr)
        for (const auto& one : made->differences) {
            auto each = place_of(one.at);
            each["key"] = one.key;
            each["kind"] = migrate::word_of(one.kind);
            each["message"] = one.message;
            different.push_back(std::move(each));
        }
    for (const auto& one : mistakes) {
        auto each = place_of(one.at);
        each["message"] = one.message;
        wrong.push_back(std::move(each));
    }
    const json out{{"written", made != nullptr && written ? json(written->string()) : json()},
                   {"toml", made != nullptr && !written ? json(made->toml) : json()},
                   {"differences", std::move(different)},
                   {"mistakes", std::move(wrong)}};
    std::cout << out.dump(2, ' ', false, json::error_handler_t::replace) << std::endl;
}

int refuse(const std::vector<diagnostic>& mistakes) {
    for (const auto& mistake : mistakes)
        std::cerr << paint(STDERR_FILENO, tint::bold, to_string(mistake.at) + ":") << ' '
                  << paint(STDERR_FILENO, tint::red, "error:") << ' ' << mistake.message << '\n';
    std::cerr.flush();
    return exit_usage;
}

} // namespace

int config_import(const config_import_options& options) {
    const auto yaml = read(options.file);
    if (!yaml) return complain(yaml.error().message, exit_usage);
    const auto made = migrate::import_cluster(*yaml, options.file.string());
    if (!made) {
        if (!options.json) return refuse(made.error());
        print_json(nullptr, made.error(), {});
        return exit_usage;
    }
    if (options.output)
        if (const auto done = write_new(*options.output, made->toml); !done)
            return complain(done.error().message, exit_failure);
    if (options.json)
        print_json(&*made, {}, options.output);
    else {
        print(made->differences);
        if (!options.output)
            std::cout << made->toml << std::flush;
        else
            std::cout << "Written: " << options.output->string() << ". Next: `tightwad check -c "
                      << options.output->string() << "`." << std::endl;
    }
    return exit_ok;
}

} // namespace tw::cli
