// A pipeline whose target a llama-server holds over the machines of a pool: started, watched and started again here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/backend_pipeline.hpp"
#include "pipeline/model_swap.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/pool_model.hpp"
#include "pooled/pool_process.hpp"

namespace tw {

struct server_pool_parts : pooled_parts {
    std::unique_ptr<backend_pipeline> server; // what answers from the process
};

// The server is reached as any llama-server is. While it is down or changes its model, requests are refused with the reason
// and with when to ask again. Any thread.
class server_pool final : public pipeline {
  public:
    explicit server_pool(server_pool_parts parts);

    [[nodiscard]] const std::string& name() const override { return server_->name(); }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return server_->serves(); }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;
    [[nodiscard]] result<std::shared_ptr<generation>> pass(std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink) override;
    // Of the server, and "pool" as pool_json() has it, with "server", the program, and "model" and "swap" as pool_pipeline
    // has them.
    [[nodiscard]] nlohmann::json status() const override;
    [[nodiscard]] result<void> swap_model(const std::string& model) override { return swap_.begin(model); }

    [[nodiscard]] bool is_up() const;
    [[nodiscard]] const pooled::pool_process& process() const { return *process_; }

  private:
    // Why it takes nothing; none = it does.
    [[nodiscard]] std::optional<error> closed() const;

    const pool_config pool_;
    const std::unique_ptr<backend_pipeline> server_;
    const std::unique_ptr<pooled::pool_process> process_; // ends before the server's, and with it what that still writes
    model_swap swap_;                                     // last: it uses the others
};

} // namespace tw
