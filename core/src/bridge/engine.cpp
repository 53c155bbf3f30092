// A loaded model behind the engine interface, with everything it answers checked.
#include "bridge/engine.hpp"

#include <algorithm>

#include "bridge/call.hpp"
#include "bridge/grammar.hpp"
#include "bridge/vocabulary_digest.hpp"
#include "plugin/vtable.hpp"

namespace tw {
namespace {

constexpr std::int32_t max_vocabulary = 1 << 22;

tw_progress progress_to(const std::function<bool(float)>& progress) {
    return {.size = sizeof(tw_progress),
            .ctx = const_cast<std::function<bool(float)>*>(&progress), // called, never changed
            .report = [](const tw_progress* self, float fraction) -> std::int32_t {
                const auto& to = *static_cast<const std::function<bool(float)>*>(self->ctx);
                return !to || to(std::clamp(fraction, 0.0F, 1.0F)) ? 1 : 0;
            }};
}

std::string number(std::int64_t n) {
    return std::to_string(n);
}

} // namespace

engine::engine(const tw_engine_v1& api, std::string plugin_id, std::unique_ptr<plugin_host> host)
    : api_(&api), plugin_id_(std::move(plugin_id)), host_(std::move(host)),
      self_(nullptr, api.destroy) {}

result<void> engine::check(const tw_engine_v1& api, std::string_view plugin_id,
                           const std::string& config_json) {
    if (const auto fault = vtable_fault(api)) return broke_contract(plugin_id, "it " + *fault);
    return checked(plugin_id, "check",
                   [&](tw_error* problem) { return api.check(abi(config_json), problem); });
}

result<std::unique_ptr<engine>> engine::create(const tw_engine_v1& api, std::string plugin_id,
                                               std::unique_ptr<plugin_host> host,
                                               const std::string& config_json,
                                               const std::function<bool(float)>& progress) {
    if (const auto fault = vtable_fault(api)) return broke_contract(plugin_id, "it " + *fault);
    std::unique_ptr<engine> made(new engine(api, std::move(plugin_id), std::move(host)));
    const auto report = progress_to(progress);
    tw_engine* raw = nullptr;
    const auto loaded = checked(made->plugin_id_, "create", [&](tw_error* problem) {
        return api.create(made->host_->abi(), abi(config_json), &report, &raw, problem);
    });
    if (!loaded) return loaded.error();
    if (raw == nullptr)
        return broke_contract(made->plugin_id_, "create succeeded without an engine");
    made->self_.reset(raw);
    if (const auto read = made->read_info(); !read) return read.error();
    if (const auto read = made->read_vocabulary(); !read) return read.error();
    made->digest_ = digest_vocabulary(made->info_, made->vocabulary_);
    return made;
}

result<void> engine::read_info() {
    tw_engine_info raw{};
    raw.size = sizeof raw;
    raw.bos = -1;
    api_->info(self_.get(), &raw);
    for (const auto& [name, value, most] :
         {std::tuple{"n_vocab", raw.n_vocab, max_vocabulary},
          std::tuple{"n_ctx", raw.n_ctx, INT32_MAX}, std::tuple{"n_seq", raw.n_seq, 1 << 16},
          std::tuple{"n_batch", raw.n_batch, INT32_MAX}})
        if (value < 1 || value > most)
            return broke_contract(plugin_id_, std::string("its ") + name + " is " + number(value));
    if (raw.bos < -1 || raw.bos >= raw.n_vocab)
        return broke_contract(plugin_id_, "its bos is " + number(raw.bos) + " in a vocabulary of " +
                                              number(raw.n_vocab));
    info_ = {.n_vocab = raw.n_vocab,
             .n_ctx = raw.n_ctx,
             .n_seq = raw.n_seq,
             .n_batch = raw.n_batch,
             .bos = raw.bos,
             .add_bos = raw.add_bos != 0,
             .truncates = raw.truncates != 0,
             .weight_bytes = raw.weight_bytes,
             .model = to_valid_utf8(view(raw.model)),
             .device = to_valid_utf8(view(raw.device)),
             .build = to_valid_utf8(view(raw.build)),
             .chat_template = std::string(view(raw.chat_template)),
             .identity = to_valid_utf8(view(raw.identity))};
    return {};
}

result<void> engine::read_vocabulary() {
    vocabulary_.reserve(static_cast<std::size_t>(info_.n_vocab));
    for (std::int32_t id = 0; id < info_.n_vocab; ++id) {
        tw_token raw{};
        raw.size = sizeof raw;
        const auto read = checked(plugin_id_, "token", [&](tw_error* problem) {
            return api_->token(self_.get(), id, &raw, problem);
        });
        if (!read) return read.error();
        vocabulary_.push_back({.flags = raw.flags,
                               .attributes = raw.attributes,
                               .text = std::string(view(raw.text)),
                               .piece = std::string(view(raw.piece))});
    }
    return {};
}

result<std::vector<std::int32_t>> engine::tokenize(std::string_view text, bool special,
                                                   bool bos) const {
    std::uint32_t flags = 0;
    if (special) flags |= TW_TOKENIZE_SPECIAL;
    if (bos) flags |= TW_TOKENIZE_BOS;
    return read_tokens("tokenize", text.size(), 16,
                       [&](std::span<std::int32_t> ids, std::size_t* needed, tw_error* problem) {
                           return api_->tokenize(self_.get(), abi(text), flags, ids.data(), ids.size(),
                                                 needed, problem);
                       });
}

result<std::vector<std::int32_t>> engine::read_tokens(
    const char* function, std::size_t bytes, std::size_t room,
    const std::function<tw_code(std::span<std::int32_t>, std::size_t* needed, tw_error*)>& write) const {
    std::vector<std::int32_t> ids(bytes + room);
    std::size_t needed = 0;
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto done = checked(plugin_id_, function,
                                  [&](tw_error* problem) { return write(ids, &needed, problem); });
        if (!done) return done.error();
        if (needed <= ids.size()) break;
        if (needed > 16 * bytes + 4 * room || attempt == 1)
            return broke_contract(plugin_id_, std::string(function) + " wants room for " +
                                                  std::to_string(needed) + " tokens of " +
                                                  std::to_string(bytes) + " bytes");
        ids.resize(needed);
    }
    ids.resize(needed);
    for (const auto id : ids)
        if (id < 0 || id >= info_.n_vocab)
            return broke_contract(plugin_id_, std::string(function) + " answered token " + number(id) +
                                                  " of a vocabulary of " + number(info_.n_vocab));
    return ids;
}

result<engine::logits_view> engine::decode(std::span<const tw_row> rows) {
    if (rows.empty() || rows.size() > static_cast<std::size_t>(info_.n_batch))
        return fail(code::invalid_argument, "A decode of " + std::to_string(rows.size()) +
                                                " rows was asked for; this engine takes 1 to " +
                                                number(info_.n_batch) + ".");
    tw_logits raw{};
    raw.size = sizeof raw;
    const auto done = checked(plugin_id_, "decode", [&](tw_error* problem) {
        return api_->decode(self_.get(), rows.data(), rows.size(), &raw, problem);
    });
    if (!done) return done.error();
    const auto wanted = std::count_if(rows.begin(), rows.end(),
                                      [](const tw_row& row) { return row.want_logits != 0; });
    if (raw.n_rows != wanted)
        return broke_contract(plugin_id_, "decode answered " + number(raw.n_rows) +
                                              " rows of logits where " + number(wanted) +
                                              " were asked for");
    if (wanted > 0 && raw.n_vocab != info_.n_vocab)
        return broke_contract(plugin_id_, "decode answered rows of " + number(raw.n_vocab) +
                                              " logits for a vocabulary of " +
                                              number(info_.n_vocab));
    if (wanted > 0 && raw.data == nullptr)
        return broke_contract(plugin_id_, "decode answered no logits");
    return logits_view{raw.data, raw.n_rows, info_.n_vocab};
}

result<void> engine::truncate(std::int32_t seq, std::int32_t length) {
    return checked(plugin_id_, "truncate", [&](tw_error* problem) {
        return api_->truncate(self_.get(), seq, length, problem);
    });
}

result<std::unique_ptr<token_mask>> engine::make_grammar(const std::string& spec_json) const {
    if (grammars_ == nullptr)
        return fail(code::unsupported,
                    "The plugin " + plugin_id_ + " that holds the model has no grammars.");
    return tw::make_grammar(*grammars_, plugin_id_, self_.get(), spec_json);
}

result<std::unique_ptr<chat>> engine::make_chat() const {
    if (chats_ == nullptr)
        return fail(code::unsupported, "The plugin " + plugin_id_ + " that holds the model has no tools.");
    return chat::create(*chats_, plugin_id_, self_.get());
}

} // namespace tw
