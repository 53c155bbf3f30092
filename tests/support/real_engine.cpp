// One GGUF file as an engine, without a pipeline around it, for tests that look at logits.
#include "support/real_engine.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

#include "bridge/interfaces.hpp"

namespace bench {
namespace {

[[noreturn]] void give_up(const tw::error& why) {
    std::fprintf(stderr, "%s\n", why.message.c_str());
    std::exit(2);
}

template <class T> T or_exit(tw::result<T> answered) {
    if (!answered) give_up(answered.error());
    return std::move(*answered);
}

} // namespace

std::unique_ptr<tw::engine> load_engine(const std::string& path, int slots, int threads) {
    static const auto plugins = tw::registry::scan(tw::search_path::from({TW_PLUGIN_DIR}));
    const auto* code = plugins.find("llamacpp");
    if (code == nullptr) give_up(plugins.missing("llamacpp"));
    const auto options = nlohmann::json{{"model_path", path}, {"slots", slots}, {"threads", threads}}.dump();
    return or_exit(tw::engine::create(*tw::find_engine(*code), code->id, std::make_unique<tw::plugin_host>(code->id),
                                      options, {}));
}

std::vector<std::int32_t> tokenize(const tw::engine& model, const std::string& text) {
    return or_exit(model.tokenize(text, true, model.info().add_bos));
}

tw::engine::logits_view decode(tw::engine& model, std::int32_t seq, std::size_t first,
                               std::span<const std::int32_t> tokens) {
    std::vector<tw_row> rows;
    for (std::size_t i = 0; i < tokens.size(); ++i)
        rows.push_back({seq, static_cast<std::int32_t>(first + i), tokens[i], 1});
    return or_exit(model.decode(rows));
}

void clear(tw::engine& model, std::int32_t seq) {
    if (const auto done = model.truncate(seq, 0); !done) give_up(done.error());
}

} // namespace bench
