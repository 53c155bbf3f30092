// Conformance cases of the engine interface. They need a table that names a model.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <tightwad/abi/ext/engine.h>
#include <tightwad/testkit/backend_cases.hpp>

namespace tw::testkit {

// Nonsense gets an error and a sentence; nothing is thrown.
[[nodiscard]] inline verdict engine_errors_case(const tw_engine_v1& api) {
    for (const std::string_view nonsense :
         {"", "not json", "[]", R"({"model_path":"/nowhere/at-all.gguf"})"}) {
        fake_host host;
        const lent_text text(nonsense);
        auto problem = blank_error();
        if (api.check(text.get(), &problem) != TW_OK && problem.message[0] == '\0')
            return failed("check answered an error without a sentence.");
        tw_engine* self = nullptr;
        problem = blank_error();
        const auto code = api.create(host.abi(), text.get(), nullptr, &self, &problem);
        if (code == TW_OK && self == nullptr)
            return failed("create answered success and no instance.");
        if (code == TW_OK)
            api.destroy(self);
        else if (problem.message[0] == '\0')
            return failed("create answered an error without a sentence.");
    }
    return passed("Nonsense is answered with an error and a sentence.");
}

namespace detail {

[[nodiscard]] inline std::string engine_info_fault(const tw_engine_info& info) {
    if (info.n_vocab < 1 || info.n_ctx < 1 || info.n_seq < 1 || info.n_batch < 1)
        return "info states a vocabulary, context, number of sequences or batch below 1.";
    if (info.bos < -1 || info.bos >= info.n_vocab)
        return "info states a bos outside the vocabulary.";
    return {};
}

// Logits of the last row of `ids` from an empty sequence 0; empty on a fault, which goes to
// `fault`.
[[nodiscard]] inline std::vector<float> logits_of(const tw_engine_v1& api, tw_engine* self,
                                                  const tw_engine_info& info,
                                                  const std::vector<std::int32_t>& ids,
                                                  std::string& fault) {
    auto problem = blank_error();
    if (api.truncate(self, 0, 0, &problem) != TW_OK) {
        fault = std::string("truncate to 0 must always work; it said: ") + problem.message;
        return {};
    }
    std::vector<tw_row> rows;
    for (std::size_t i = 0; i < ids.size(); ++i)
        rows.push_back({0, static_cast<std::int32_t>(i), ids[i], i + 1 == ids.size() ? 1 : 0});
    tw_logits out{};
    out.size = sizeof out;
    if (api.decode(self, rows.data(), rows.size(), &out, &problem) != TW_OK) {
        fault = std::string("decode said: ") + problem.message;
        return {};
    }
    if (out.n_rows != 1 || out.n_vocab != info.n_vocab || out.data == nullptr) {
        fault = "decode answered " + std::to_string(out.n_rows) + " rows of " +
                std::to_string(out.n_vocab) + " logits where 1 row of " +
                std::to_string(info.n_vocab) + " was asked for.";
        return {};
    }
    std::vector<float> row(out.data, out.data + out.n_vocab);
    for (const float logit : row)
        if (std::isnan(logit)) fault = "decode answered a logit that is not a number.";
    return row;
}

} // namespace detail

// The engine states itself soundly, tokenizes within its vocabulary, hands out the rows asked for,
// and gives the same logits again after a truncation.
[[nodiscard]] inline verdict engine_case(const tw_engine_v1& api, const std::string& config) {
    fake_host host;
    const lent_text table(config), text("Once upon a time");
    auto problem = blank_error();
    tw_engine* self = nullptr;
    if (api.create(host.abi(), table.get(), nullptr, &self, &problem) != TW_OK)
        return skipped(std::string("create said: ") + problem.message +
                       " Give a table with --config.");
    struct guard {
        const tw_engine_v1& api;
        tw_engine* self;
        ~guard() { api.destroy(self); }
    } const destroyed_at_end{api, self};

    tw_engine_info info{};
    info.size = sizeof info;
    api.info(self, &info);
    if (auto fault = detail::engine_info_fault(info); !fault.empty())
        return failed(std::move(fault));
    for (std::int32_t id = 0; id < info.n_vocab; ++id) {
        tw_token token{};
        token.size = sizeof token;
        if (api.token(self, id, &token, &problem) != TW_OK)
            return failed("token " + std::to_string(id) + " cannot be read: " + problem.message);
    }
    std::size_t n = 0;
    if (api.tokenize(self, text.get(), TW_TOKENIZE_BOS, nullptr, 0, &n, &problem) != TW_OK)
        return failed(std::string("tokenize without room said: ") + problem.message);
    std::vector<std::int32_t> ids(n);
    if (api.tokenize(self, text.get(), TW_TOKENIZE_BOS, ids.data(), ids.size(), &n, &problem) !=
            TW_OK ||
        n != ids.size() || n == 0)
        return failed("tokenize states another number of tokens when it is given room for them.");
    for (const auto id : ids)
        if (id < 0 || id >= info.n_vocab)
            return failed("tokenize answered token " + std::to_string(id) +
                          ", outside the vocabulary.");
    ids.resize(std::min(ids.size(), static_cast<std::size_t>(std::min(info.n_batch, info.n_ctx))));

    std::string fault;
    const auto once = detail::logits_of(api, self, info, ids, fault);
    const auto again = detail::logits_of(api, self, info, ids, fault);
    if (!fault.empty()) return failed(std::move(fault));
    if (once != again) return failed("The same rows after truncate to 0 gave other logits.");
    return passed("It states itself soundly and repeats its logits after a truncation.");
}

} // namespace tw::testkit
