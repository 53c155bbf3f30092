// Maps a plugin into this process, for good, and checks what its entry says.
#define BOOST_DLL_USE_STD_FS
#include "plugin/load.hpp"

#include <mutex>
#include <vector>

#include <boost/dll/shared_library.hpp>
#include <dlfcn.h>

#include "plugin/vtable.hpp"

namespace tw {
namespace {

// Never destroyed: threads and static destructors of a plugin may outlive every owner we could
// name.
void keep(boost::dll::shared_library library) {
    static auto& lock = *new std::mutex;
    static auto& kept = *new std::vector<boost::dll::shared_library>;
    const std::lock_guard guard(lock);
    kept.push_back(std::move(library));
}

error refuse(std::string why) {
    return fail(code::invalid_argument, std::move(why));
}

bool empty(const char* text) {
    return text == nullptr || *text == '\0';
}

} // namespace

result<const tw_plugin*> map_library(const std::filesystem::path& file) {
    const auto name = file.filename().string();
    boost::dll::shared_library library;
    boost::dll::fs::error_code failed;
    ::dlerror();
    library.load(file, failed, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (failed) {
        const char* text = ::dlerror();
        return refuse(name + " was refused by the system's loader: " +
                      (text != nullptr ? text : failed.message()));
    }
    const auto* entry = static_cast<const tw_plugin*>(::dlsym(library.native(), TW_PLUGIN_SYMBOL));
    keep(std::move(library));
    if (entry == nullptr)
        return refuse(name + " is not a plugin: it does not export " + TW_PLUGIN_SYMBOL + ".");
    return entry;
}

std::optional<std::string> entry_fault(const tw_plugin& entry, const std::filesystem::path& file) {
    const auto name = file.filename().string();
    if (entry.size < sizeof(tw_plugin))
        return name + " has an entry of " + std::to_string(entry.size) +
               " bytes where the contract needs " + std::to_string(sizeof(tw_plugin)) + ".";
    if (entry.min_host_minor > TW_ABI_MINOR)
        return name + " needs a host of contract " + std::to_string(TW_ABI_MAJOR) + "." +
               std::to_string(entry.min_host_minor) + " and this host is " +
               std::to_string(TW_ABI_MAJOR) + "." + std::to_string(TW_ABI_MINOR) +
               "; update Tightwad.";
    for (const auto& [field, absent] : {std::pair{"id", empty(entry.id)},
                                        {"version", empty(entry.version)},
                                        {"summary", empty(entry.summary)},
                                        {"query", entry.query == nullptr}})
        if (absent)
            return name + " leaves the required field \"" + field + "\" of its entry empty.";
    if (file.stem() != entry.id)
        return name + " states the id \"" + entry.id + "\"; its file must be called " + entry.id +
               ".so.";
    return std::nullopt;
}

result<const tw_plugin*> load(const std::filesystem::path& file) {
    const auto entry = map_library(file);
    if (!entry) return entry.error();
    if (auto fault = entry_fault(**entry, file)) return refuse(std::move(*fault));
    if (const auto fault = vtable_fault(**entry))
        return refuse(file.filename().string() + " " + *fault + ".");
    return *entry;
}

} // namespace tw
