// A verifier behind its interface: how much of a draft stands.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <tightwad/abi/ext/verifier.h>

#include "bridge/interfaces.hpp"
#include "service/plugin_host.hpp"

namespace tw {

// Any thread.
class verifier {
  public:
    // Token judging fills the spans, whole-answer judging the texts.
    struct question {
        std::span<const std::int32_t> draft;
        std::span<const std::int32_t> target; // one more than `draft`, or empty
        std::string_view prompt{}, answer{};
    };
    struct verdict {
        tw_verdict_kind kind = TW_VERDICT_REJECT;
        std::size_t n_accepted = 0; // of `draft`
        std::string
            correction{}; // the answer that replaces the draft, when kind is TW_VERDICT_CORRECT
    };

    [[nodiscard]] static result<std::unique_ptr<verifier>> create(const tw_verifier_v1& api,
                                                                  std::string plugin_id,
                                                                  std::unique_ptr<plugin_host> host,
                                                                  const std::string& config_json);

    // True = it never changes what the target alone would say.
    [[nodiscard]] bool exact() const { return api_->exact != 0; }
    [[nodiscard]] result<verdict> judge(const question& asked) const;

  private:
    verifier(const tw_verifier_v1& api, std::string plugin_id, std::unique_ptr<plugin_host> host);

    const tw_verifier_v1* api_;
    std::string plugin_id_;
    std::unique_ptr<plugin_host> host_; // outlives the instance
    std::unique_ptr<tw_verifier, void (*)(tw_verifier*)> self_;
};

} // namespace tw
