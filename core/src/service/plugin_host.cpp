// The host as one instance of a plugin sees it; the C side of its services.
#include "service/plugin_host.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <string_view>

#include <spdlog/spdlog.h>

#include <tightwad/abi/host/executor.h>
#include <tightwad/abi/host/http.h>
#include <tightwad/abi/host/log.h>
#include <tightwad/abi/host/secret.h>
#include <tightwad/abi/host/timer.h>
#include <tightwad/abi/plugin.h>

#include "base/text.hpp"
#include "service/http_service.hpp"

namespace tw {
namespace {

constexpr std::size_t max_log_line = 8192;

const plugin_host& of(const tw_host* host) {
    return *static_cast<const plugin_host*>(host->ctx);
}

tw_code report(tw_error* out, const error& failure) {
    fill(out, failure.code, failure.message, failure.retry_after);
    return static_cast<tw_code>(failure.code);
}

spdlog::level::level_enum level_of(std::int32_t level) {
    switch (level) {
    case TW_LOG_DEBUG:
        return spdlog::level::debug;
    case TW_LOG_INFO:
        return spdlog::level::info;
    case TW_LOG_WARN:
        return spdlog::level::warn;
    default:
        return spdlog::level::err;
    }
}

// A stranger's bytes become one line of valid text: nobody writes a second line into the log.
std::string one_line(std::string_view text) {
    auto line = to_valid_utf8(cut_utf8(text, max_log_line));
    std::replace_if(
        line.begin(), line.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
    return line;
}

const tw_host_log log_service{.size = sizeof(tw_host_log),
                              .write =
                                  [](const tw_host* host, std::int32_t level, tw_str line) {
                                      spdlog::log(level_of(level), "plugin={} {}",
                                                  of(host).plugin_id(), one_line(view(line)));
                                  },
                              .enabled = [](const tw_host*, std::int32_t level) -> std::int32_t {
                                  return spdlog::should_log(level_of(level)) ? 1 : 0;
                              }};

const tw_host_executor executor_service{
    .size = sizeof(tw_host_executor),
    .post = [](const tw_host* host, void (*fn)(void*), void* arg, tw_error* problem) -> tw_code {
        if (fn == nullptr)
            return report(problem, fail(code::invalid_argument, "There is no function to run."));
        const auto posted = of(host).services().pool.post([fn, arg] { fn(arg); });
        return posted ? TW_OK : report(problem, posted.error());
    }};

const tw_host_timer timer_service{
    .size = sizeof(tw_host_timer),
    .start = [](const tw_host* host, std::int64_t delay_ms, void (*fn)(void*),
                void* arg) -> std::uint64_t {
        if (fn == nullptr) return 0;
        return of(host).services().timer.start(std::chrono::milliseconds{delay_ms},
                                               [fn, arg] { fn(arg); });
    },
    .cancel = [](const tw_host* host, std::uint64_t id) -> std::int32_t {
        return of(host).services().timer.cancel(id) ? 1 : 0;
    }};

const tw_host_secret secret_service{.size = sizeof(tw_host_secret),
                                    .get = [](const tw_host* host, tw_str name,
                                              const tw_writer* out, tw_error* problem) -> tw_code {
                                        auto secret = of(host).secret(std::string(view(name)));
                                        if (!secret) return report(problem, secret.error());
                                        out->write(out, abi(*secret));
                                        std::fill(secret->begin(), secret->end(), '\0');
                                        return TW_OK;
                                    }};

const void* service(const tw_host*, const char* wanted) {
    const std::string_view id = wanted == nullptr ? "" : wanted;
    if (id == TW_HOST_LOG_V1) return &log_service;
    if (id == TW_HOST_EXECUTOR_V1) return &executor_service;
    if (id == TW_HOST_TIMER_V1) return &timer_service;
    if (id == TW_HOST_SECRET_V1) return &secret_service;
    if (id == TW_HOST_HTTP_V1) return &http_service();
    return nullptr;
}

} // namespace

std::shared_ptr<host_services> host_services::shared() {
    static std::mutex lock;
    static std::weak_ptr<host_services> current;
    const std::lock_guard guard(lock);
    auto found = current.lock();
    if (!found) current = found = std::make_shared<host_services>();
    return found;
}

plugin_host::plugin_host(std::string plugin_id, std::map<std::string, secret_ref> secrets,
                         std::shared_ptr<host_services> services)
    : plugin_id_(std::move(plugin_id)), secrets_(std::move(secrets)),
      services_(std::move(services)), abi_{.size = sizeof(tw_host),
                                           .abi_minor = TW_ABI_MINOR,
                                           .ctx = this,
                                           .service = &service} {}

result<std::string> plugin_host::secret(const std::string& name) const {
    const auto at = secrets_.find(name);
    if (at == secrets_.end())
        return fail(code::not_found, "The table of the plugin " + plugin_id_ +
                                         " names no secret \"" + name + "\"; write " + name +
                                         " = { env = \"NAME\" } there.");
    return read_secret(at->second);
}

} // namespace tw
