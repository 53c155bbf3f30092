// A verifier behind its interface: how much of a draft stands.
#include "bridge/verifier.hpp"

#include "bridge/call.hpp"
#include "plugin/vtable.hpp"

namespace tw {

verifier::verifier(const tw_verifier_v1& api, std::string plugin_id,
                   std::unique_ptr<plugin_host> host)
    : api_(&api), plugin_id_(std::move(plugin_id)), host_(std::move(host)),
      self_(nullptr, api.destroy) {}

result<std::unique_ptr<verifier>> verifier::create(const tw_verifier_v1& api, std::string plugin_id,
                                                   std::unique_ptr<plugin_host> host,
                                                   const std::string& config_json) {
    if (const auto fault = vtable_fault(api)) return broke_contract(plugin_id, "it " + *fault);
    std::unique_ptr<verifier> made(new verifier(api, std::move(plugin_id), std::move(host)));
    tw_verifier* raw = nullptr;
    const auto created = checked(made->plugin_id_, "create", [&](tw_error* problem) {
        return api.create(made->host_->abi(), abi(config_json), &raw, problem);
    });
    if (!created) return created.error();
    if (raw == nullptr)
        return broke_contract(made->plugin_id_, "create succeeded without a verifier");
    made->self_.reset(raw);
    return made;
}

result<verifier::verdict> verifier::judge(const question& asked) const {
    if (!asked.target.empty() && asked.target.size() != asked.draft.size() + 1)
        return fail(code::invalid_argument, "A draft of " + std::to_string(asked.draft.size()) +
                                                " tokens needs one pick of the target more, not " +
                                                std::to_string(asked.target.size()) + ".");
    const tw_draft draft{.size = sizeof(tw_draft),
                         .draft = asked.draft.data(),
                         .target = asked.target.empty() ? nullptr : asked.target.data(),
                         .n_draft = asked.draft.size(),
                         .prompt = abi(asked.prompt),
                         .answer = abi(asked.answer)};
    tw_verdict raw{.size = sizeof(tw_verdict), .kind = TW_VERDICT_REJECT, .n_accepted = 0};
    collector correction(max_written_bytes);
    const auto judged = checked(plugin_id_, "judge", [&](tw_error* problem) {
        return api_->judge(self_.get(), &draft, &raw, correction.get(), problem);
    });
    if (!judged) return judged.error();
    if (raw.kind < TW_VERDICT_ACCEPT || raw.kind > TW_VERDICT_REJECT)
        return broke_contract(plugin_id_, "judge answered the verdict " + std::to_string(raw.kind));
    if (raw.n_accepted > asked.draft.size())
        return broke_contract(plugin_id_, "judge accepted " + std::to_string(raw.n_accepted) +
                                              " tokens of a draft of " +
                                              std::to_string(asked.draft.size()));
    if (!correction.whole()) return broke_contract(plugin_id_, "judge wrote more than 64 MiB");
    return verdict{raw.kind, raw.n_accepted, correction.take()};
}

} // namespace tw
