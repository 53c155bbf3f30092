// The served models: which there are, how far they are loaded, who answers for them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "front/http_types.hpp"
#include "pipeline/pipeline.hpp"

namespace tw::front {

/// Any thread.
class catalogue {
  public:
    explicit catalogue(std::vector<std::string> model_ids);

    void set_progress(float progress);
    void set_ready(std::vector<std::shared_ptr<tw::pipeline>> pipelines);
    void set_extra(std::function<nlohmann::json()> extra);

    [[nodiscard]] std::vector<std::string> model_ids() const;

    /// Of the models that hold memory now.
    [[nodiscard]] std::vector<std::string> loaded_ids() const;

    /// The id that `name` means: itself, or, as Ollama's clients write it, without ":latest".
    [[nodiscard]] std::string resolved(const std::string& name) const;

    /// Who answers for `model`, or the reply that says why nobody does (unknown, still loading). An
    /// empty name means the only model or the only pipeline there is.
    [[nodiscard]] std::variant<std::shared_ptr<tw::pipeline>, reply>
    find(const std::string& model) const;

    /// By the pipeline's own name; null where none is loaded that is called so.
    [[nodiscard]] std::shared_ptr<tw::pipeline> named(const std::string& pipeline) const;

    [[nodiscard]] bool ready() const;
    [[nodiscard]] float progress() const;

    /// State, the pipelines' figures and the extra keys.
    [[nodiscard]] nlohmann::ordered_json status() const;

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> ids_;
    std::vector<std::shared_ptr<tw::pipeline>> pipelines_;
    std::function<nlohmann::json()> extra_;
    float progress_ = 0;
    bool ready_ = false;
};

} // namespace tw::front
