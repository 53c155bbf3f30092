// The host as one instance of a plugin sees it: log, executor, timer, secret, http.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <tightwad/abi/host.h>

#include "config/config.hpp"
#include "service/host_services.hpp"

namespace tw {

// Must outlive the instance it is passed to, which the wrappers in bridge/ see to. Any thread.
class plugin_host {
  public:
    // `secrets`: the references of the instance's table, by key.
    explicit plugin_host(std::string plugin_id, std::map<std::string, secret_ref> secrets = {},
                         std::shared_ptr<host_services> services = host_services::shared());
    plugin_host(const plugin_host&) = delete;
    plugin_host& operator=(const plugin_host&) = delete;

    // From here on its URLs lead to public addresses only, whoever wrote them. Before any other thread uses it.
    void dial_public_only() { public_only_ = true; }
    [[nodiscard]] bool dials_public_only() const { return public_only_; }

    // Valid as long as this object.
    [[nodiscard]] const tw_host* abi() const { return &abi_; }

    [[nodiscard]] const std::string& plugin_id() const { return plugin_id_; }
    [[nodiscard]] host_services& services() const { return *services_; }
    [[nodiscard]] result<std::string> secret(const std::string& name) const;

  private:
    std::string plugin_id_;
    std::map<std::string, secret_ref> secrets_;
    std::shared_ptr<host_services> services_;
    bool public_only_ = false;
    tw_host abi_{};
};

} // namespace tw
