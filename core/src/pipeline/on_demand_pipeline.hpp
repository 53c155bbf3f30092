// A pipeline that is loaded when somebody asks for it, and unloaded when its memory or nobody needs it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/model_shelf.hpp"

namespace tw {

class on_demand_pipeline final : public pipeline {
  public:
    on_demand_pipeline(std::shared_ptr<model_shelf> shelf, std::vector<std::string> serves, shelf_item item);
    ~on_demand_pipeline() override;

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return serves_; }
    [[nodiscard]] bool loaded() const override { return shelf_->describe(id_).how >= model_shelf::state::loaded; }
    // What waits for a load hears of its failure as if the answer had failed.
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    // While it is not loaded `unavailable`, and it is loaded then.
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;
    // Refused where a model would have to be loaded for it: none of these is a server's.
    [[nodiscard]] result<std::shared_ptr<generation>> pass(std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink) override;
    // The inner one's while it is loaded, and name, serves, load: {state, progress, bytes, waiting, last_failure}.
    [[nodiscard]] nlohmann::json status() const override;

  private:
    template <class Asked, class Heard> result<std::shared_ptr<generation>> call(Asked asked, Heard heard);

    const std::shared_ptr<model_shelf> shelf_;
    const std::string name_;
    const std::vector<std::string> serves_;
    const std::uint64_t bytes_;
    const std::size_t id_;
};

} // namespace tw
