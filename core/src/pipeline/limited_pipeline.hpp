// A pipeline that runs a few answers at a time and lets others wait: for servers, which do not say how many they take.
#pragma once

#include <memory>

#include "pipeline/waiting_call.hpp"

namespace tw {

class limited_pipeline final : public pipeline {
  public:
    // At most `most` answers, questions and the like run, `queue` more wait; further ones are refused with `busy`.
    limited_pipeline(std::shared_ptr<pipeline> inner, std::size_t most, std::size_t queue);
    ~limited_pipeline() override;

    [[nodiscard]] const std::string& name() const override { return inner_->name(); }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return inner_->serves(); }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;
    [[nodiscard]] result<std::shared_ptr<generation>> pass(std::shared_ptr<const pass_request> request,
                                                           std::shared_ptr<pass_sink> sink) override;
    [[nodiscard]] result<void> swap_model(const std::string& model) override { return inner_->swap_model(model); }
    // The inner one's, with `slots`: total, active, queued.
    [[nodiscard]] nlohmann::json status() const override;

  private:
    class places;

    template <class Asked, class Heard> result<std::shared_ptr<generation>> place(Asked asked, Heard heard);

    const std::shared_ptr<pipeline> inner_;
    const std::shared_ptr<places> places_; // what has ended gives its place back, be this pipeline there or not
};

} // namespace tw
