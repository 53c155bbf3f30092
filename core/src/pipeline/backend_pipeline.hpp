// A pipeline whose target picks its own tokens (a server, a cloud): served plainly, never verified.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "bridge/backend.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/server_facts.hpp"
#include "pipeline/server_health.hpp"
#include "pipeline/server_probe.hpp"

namespace tw {

// What the status tells of such a target.
struct plain_target_info {
    std::string name;    // [backend.NAME]
    std::string plugin;
    std::string why_not; // why nothing is speculated, and what to do
    bool passes_more_on = true; // tools, forms, log probabilities: of contract 1.2 or later
};

class backend_pipeline final : public pipeline {
  public:
    backend_pipeline(std::string name, std::vector<std::string> serves, plain_target_info info,
                     std::unique_ptr<backend> target);
    ~backend_pipeline() override;

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return serves_; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;
    [[nodiscard]] result<std::shared_ptr<generation>> pass(std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink) override;
    [[nodiscard]] nlohmann::json status() const override;

    [[nodiscard]] bool is_up() const { return health_->is_up(); }
    [[nodiscard]] std::size_t running_answers() const;

  private:
    struct counters;
    class passing;

    std::string name_;
    std::vector<std::string> serves_;
    plain_target_info info_;
    std::unique_ptr<backend> target_;
    std::shared_ptr<counters> counters_;
    std::shared_ptr<server_health> health_; // answers that end later keep it
    const server_facts facts_;
    server_probe probe_; // last: it asks the target
};

} // namespace tw
