// Calls across the border, and what is wrong with their answers.
#include "bridge/grammar.hpp"

#include <utility>

#include "bridge/call.hpp"

namespace tw {
namespace {

class plugin_grammar final : public token_mask {
  public:
    plugin_grammar(const tw_grammar_v1& api, std::string plugin_id, tw_grammar* self)
        : api_(&api), plugin_id_(std::move(plugin_id)), self_(self, api.destroy) {}

    [[nodiscard]] result<std::unique_ptr<token_mask>> clone() const override {
        return made(*api_, plugin_id_, "clone", [&](tw_grammar** out, tw_error* problem) {
            return api_->clone(self_.get(), out, problem);
        });
    }
    [[nodiscard]] result<void> allowed(std::span<const std::int32_t> tokens,
                                       std::span<std::uint8_t> out) const override {
        return checked(plugin_id_, "allowed", [&](tw_error* problem) {
            return api_->allowed(self_.get(), tokens.data(), tokens.size(), out.data(), problem);
        });
    }
    [[nodiscard]] result<void> accept(std::int32_t token) override {
        return checked(plugin_id_, "accept",
                       [&](tw_error* problem) { return api_->accept(self_.get(), token, problem); });
    }

    template <class Call>
    static result<std::unique_ptr<token_mask>> made(const tw_grammar_v1& api, const std::string& plugin_id,
                                                    const char* function, Call call) {
        tw_grammar* raw = nullptr;
        const auto done = checked(plugin_id, function, [&](tw_error* problem) { return call(&raw, problem); });
        if (!done) return done.error();
        if (raw == nullptr) return broke_contract(plugin_id, std::string(function) + " succeeded without a grammar");
        return std::make_unique<plugin_grammar>(api, plugin_id, raw);
    }

  private:
    const tw_grammar_v1* api_;
    std::string plugin_id_;
    std::unique_ptr<tw_grammar, void (*)(tw_grammar*)> self_;
};

} // namespace

result<std::unique_ptr<token_mask>> make_grammar(const tw_grammar_v1& api, const std::string& plugin_id,
                                                 tw_engine* engine, const std::string& spec_json) {
    return plugin_grammar::made(api, plugin_id, "create", [&](tw_grammar** out, tw_error* problem) {
        return api.create(engine, abi(spec_json), out, problem);
    });
}

} // namespace tw
