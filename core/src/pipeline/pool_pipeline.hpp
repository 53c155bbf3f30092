// A pipeline whose target lies over the machines of a pool, held by a process of its own on this machine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "peer/remote_pipeline.hpp"
#include "peer/served_drafter.hpp"
#include "pipeline/model_swap.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/pool_model.hpp"
#include "pooled/pool_process.hpp"

namespace tw {

struct pool_parts : pooled_parts {
    std::shared_ptr<peer::remote_pipeline> far;                    // what answers from the process
    std::vector<std::shared_ptr<peer::served_drafter>> drafters{}; // lent to it
};

// The process is reached as a peer on loopback is. While it is down or changes its model, requests are refused with the
// reason and with when to ask again; answers that run when it goes down end in an error. Any thread.
class pool_pipeline final : public pipeline {
  public:
    explicit pool_pipeline(pool_parts parts);

    [[nodiscard]] const std::string& name() const override { return far_->name(); }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return far_->serves(); }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;
    // Of the far pipeline, and "pool": {name, state, why, pid, starts, progress, warnings, output,
    // workers: [{name, device, protected}], model: {name, backend, file}, swap: as model_swap has it}.
    [[nodiscard]] nlohmann::json status() const override;
    [[nodiscard]] result<void> swap_model(const std::string& model) override { return swap_.begin(model); }

    [[nodiscard]] bool is_up() const { return far_->is_up(); }
    [[nodiscard]] const pooled::pool_process& process() const { return *process_; }
    [[nodiscard]] const peer::remote_pipeline& far() const { return *far_; }

  private:
    [[nodiscard]] std::optional<error> closed() const; // why no request is taken; none while they are
    [[nodiscard]] std::string misfit() const;

    const pool_config pool_;
    const std::unique_ptr<pooled::pool_process> process_;
    const std::shared_ptr<peer::remote_pipeline> far_; // goes before the process, so that links end in order
    const std::vector<std::shared_ptr<peer::served_drafter>> drafters_;
    model_swap swap_; // last: it uses the others
};

} // namespace tw
