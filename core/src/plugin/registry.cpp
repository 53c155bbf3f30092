// The plugins this process has loaded, and why the other files were refused.
#include "plugin/registry.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "plugin/inspect.hpp"
#include "plugin/load.hpp"
#include "plugin/rehearse.hpp"
#include "plugin/sha256.hpp"

namespace tw {
namespace fs = std::filesystem;
namespace {

bool same_hex(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

std::vector<fs::path> libraries_in(const fs::path& folder, std::error_code& failed) {
    std::vector<fs::path> files;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
        if (at->path().extension() == ".so") files.push_back(at->path());
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

const void* plugin::query(std::string_view interface_id) const {
    return entry->query(std::string(interface_id).c_str());
}

registry registry::scan(const search_path& where,
                        const std::map<std::string, std::string>& sha256_pins,
                        const std::optional<std::set<std::string>>& only) {
    registry out;
    for (const auto& folder : where.folders)
        out.scan_folder(folder, sha256_pins, only);
    return out;
}

void registry::scan_folder(const search_path::folder& folder,
                           const std::map<std::string, std::string>& pins,
                           const std::optional<std::set<std::string>>& only) {
    searched_.push_back(folder.path);
    std::error_code failed;
    const auto files = libraries_in(folder.path, failed);
    if (failed && (folder.must_exist || failed != std::errc::no_such_file_or_directory))
        refusals_.push_back({folder.path, "The plugin folder " + folder.path.string() +
                                              " cannot be read: " + failed.message() + "."});
    for (const auto& file : files) {
        if (only && !only->contains(file.stem().string())) {
            left_alone_.push_back(file.stem().string());
            continue;
        }
        auto real = fs::weakly_canonical(file, failed);
        if (!seen_.insert(failed ? file : std::move(real)).second) continue;
        if (auto admitted = admit(file, pins))
            plugins_.push_back(std::move(*admitted));
        else
            refusals_.push_back({file, admitted.error().message});
    }
}

result<plugin> registry::admit(const fs::path& file,
                               const std::map<std::string, std::string>& pins) const {
    const auto refuse = [](std::string why) {
        return fail(code::invalid_argument, std::move(why));
    };
    const auto id = file.stem().string();
    if (auto why = inspect(file)) return refuse(std::move(*why));
    if (const auto* first = find(id))
        return refuse("The id \"" + id + "\" is used twice: " + first->path.string() +
                      " is loaded, " + file.string() + " is not.");
    auto digest = sha256_of_file(file);
    if (!digest) return digest.error();
    if (const auto pin = pins.find(id); pin != pins.end() && !same_hex(pin->second, *digest))
        return refuse(file.filename().string() + " has the sha256 " + *digest +
                      " and the configuration pins " + pin->second + "; it was not loaded.");
    if (auto why = rehearse(file)) return refuse(std::move(*why));
    auto entry = load(file);
    if (!entry) return entry.error();
    return plugin{.id = id,
                  .version = (*entry)->version,
                  .summary = (*entry)->summary,
                  .path = file,
                  .sha256 = std::move(*digest),
                  .abi_minor = (*entry)->abi_minor,
                  .entry = *entry};
}

const plugin* registry::find(std::string_view id) const {
    const auto at =
        std::find_if(plugins_.begin(), plugins_.end(), [&](const auto& p) { return p.id == id; });
    return at == plugins_.end() ? nullptr : &*at;
}

std::vector<const plugin*> registry::plugins() const {
    std::vector<const plugin*> out;
    for (const auto& loaded : plugins_)
        out.push_back(&loaded);
    return out;
}

error registry::missing(std::string_view id) const {
    const std::string quoted = "\"" + std::string(id) + "\"";
    for (const auto& refused : refusals_)
        if (refused.path.stem() == id)
            return {.code = code::not_found,
                    .message = "The plugin " + quoted + " was refused: " + refused.why,
                    .where = refused.path.string()};
    auto names = left_alone_;
    for (const auto& loaded : plugins_)
        names.push_back(loaded.id);
    std::string message = "There is no plugin " + quoted + ".";
    if (const auto near = near_name(id, names); !near.empty())
        return fail(code::not_found, message + " Did you mean \"" + near + "\"?");
    message += " Searched:";
    for (const auto& folder : searched_)
        message += " " + folder.string();
    return fail(code::not_found, message + (searched_.empty() ? " nowhere." : "."));
}

} // namespace tw
