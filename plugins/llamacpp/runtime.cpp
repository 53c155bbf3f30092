// What libllama keeps per process.
#include "runtime.hpp"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <vector>

#include <dlfcn.h>
#include <link.h>

#include <ggml-backend.h>
#include <llama.h>

#include "identity.hpp"

namespace llamacpp {
namespace {

// The loaded files of llama.cpp, in the order of their names.
std::vector<std::string> loaded_libraries() {
    std::vector<std::string> out;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* found) {
            const auto name = std::filesystem::path(info->dlpi_name).filename().string();
            if (name.starts_with("libllama") || name.starts_with("libggml"))
                static_cast<std::vector<std::string>*>(found)->emplace_back(info->dlpi_name);
            return 0;
        },
        &out);
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
        return std::filesystem::path(a).filename() < std::filesystem::path(b).filename();
    });
    return out;
}

std::mutex sinks_mutex;
std::vector<const tw::sdk::host*> sinks;

thread_local std::string* collected = nullptr;

void on_log(ggml_log_level level, const char* text, void*) {
    if (level != GGML_LOG_LEVEL_WARN && level != GGML_LOG_LEVEL_ERROR) return;
    std::string_view line(text);
    while (!line.empty() && (line.back() == '\n' || line.back() == '.')) line.remove_suffix(1);
    if (line.empty()) return;
    if (collected != nullptr) {
        if (level == GGML_LOG_LEVEL_ERROR) *collected = line;
        return;
    }
    const std::lock_guard lock(sinks_mutex);
    if (!sinks.empty()) sinks.front()->log(level == GGML_LOG_LEVEL_ERROR ? TW_LOG_ERROR : TW_LOG_WARN, line);
}

} // namespace

const std::string& engine_build() {
    static const std::string build = [] {
        const auto identity = identity_of_files(loaded_libraries()); // size-digest
        return std::string(llama_version()) + '+' + identity.substr(identity.find('-') + 1, 8);
    }();
    return build;
}

void start_runtime() {
    static std::once_flag once;
    std::call_once(once, [] {
        ggml_log_set(on_log, nullptr);
        llama_log_set(on_log, nullptr);
        // A prebuilt engine keeps one library per processor generation beside libggml.
        Dl_info where{};
        if (dladdr(reinterpret_cast<void*>(&ggml_backend_load_all_from_path), &where) != 0)
            ggml_backend_load_all_from_path(std::filesystem::path(where.dli_fname).parent_path().c_str());
        if (ggml_backend_dev_count() == 0) ggml_backend_load_all();
        llama_backend_init();
    });
}

log_sink::log_sink(tw::sdk::host host) : host_(host) {
    const std::lock_guard lock(sinks_mutex);
    sinks.push_back(&host_);
}

log_sink::~log_sink() {
    const std::lock_guard lock(sinks_mutex);
    sinks.erase(std::find(sinks.begin(), sinks.end(), &host_));
}

error_log::error_log() : outer_(collected) {
    start_runtime();
    collected = &last_error_;
}

error_log::~error_log() { collected = outer_; }

std::string error_log::because() const { return last_error_.empty() ? "" : " (" + last_error_ + ")"; }

} // namespace llamacpp
