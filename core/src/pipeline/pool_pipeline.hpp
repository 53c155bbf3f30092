// A pipeline whose target lies over the machines of a pool, held by a process of its own on this machine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "peer/remote_pipeline.hpp"
#include "pipeline/pipeline.hpp"
#include "pooled/pool_process.hpp"

namespace tw {

// The process is reached as a peer on loopback is. While it is down, requests are refused with the reason and with
// when to ask again; running answers end in an error. Any thread.
class pool_pipeline final : public pipeline {
  public:
    pool_pipeline(pool_config pool, std::unique_ptr<pooled::pool_process> process,
                  std::shared_ptr<peer::remote_pipeline> far);

    [[nodiscard]] const std::string& name() const override { return far_->name(); }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return far_->serves(); }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    // Of the far pipeline, and "pool": {name, state, why, pid, starts, progress, output,
    // workers: [{name, device, protected}]}.
    [[nodiscard]] nlohmann::json status() const override;

    [[nodiscard]] bool is_up() const { return far_->is_up(); }
    [[nodiscard]] pooled::process_report report() const { return process_->now(); }
    [[nodiscard]] const peer::remote_pipeline& far() const { return *far_; }

  private:
    const pool_config pool_;
    const std::unique_ptr<pooled::pool_process> process_;
    const std::shared_ptr<peer::remote_pipeline> far_; // before the process, so that links end in order
};

} // namespace tw
