// A pipeline whose target a llama-server holds over the machines of a pool: started, watched and started again here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/backend_pipeline.hpp"
#include "pipeline/pipeline.hpp"
#include "pooled/pool_process.hpp"

namespace tw {

// The server is reached as any llama-server is. While it is down, requests are refused with the reason and with when to
// ask again. Any thread.
class server_pool final : public pipeline {
  public:
    server_pool(pool_config pool, std::unique_ptr<pooled::pool_process> process, std::unique_ptr<backend_pipeline> server);

    [[nodiscard]] const std::string& name() const override { return server_->name(); }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return server_->serves(); }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;
    [[nodiscard]] result<std::shared_ptr<generation>> pass(std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink) override;
    // Of the server, and "pool" as pool_json() has it, with "server", the program.
    [[nodiscard]] nlohmann::json status() const override;

    [[nodiscard]] bool is_up() const;
    [[nodiscard]] const pooled::pool_process& process() const { return *process_; }

  private:
    const pool_config pool_;
    const std::unique_ptr<backend_pipeline> server_;
    const std::unique_ptr<pooled::pool_process> process_; // last: ends first, and with it what the server still writes
};

} // namespace tw
