// Whether the tables a plugin hands out have all the functions the contract requires.
#include "plugin/vtable.hpp"

#include <initializer_list>
#include <utility>

namespace tw {
namespace {

using slots = std::initializer_list<std::pair<const char*, bool>>; // name, is it there

template <class Api>
std::optional<std::string> size_fault(const Api& api, const char* interface_id) {
    if (api.size >= sizeof(Api)) return std::nullopt;
    return "has a table of " + std::to_string(api.size) + " bytes for " + interface_id +
           " where the contract needs " + std::to_string(sizeof(Api));
}

std::optional<std::string> slot_fault(slots all, const char* interface_id) {
    for (const auto& [name, present] : all)
        if (!present)
            return std::string("leaves the required function \"") + name + "\" of " + interface_id +
                   " empty";
    return std::nullopt;
}

// An option table without end would be read past its memory; no plugin has this many.
constexpr std::size_t max_options = 256;

std::optional<std::string> option_fault(const tw_option* const* options, const char* interface_id) {
    const auto said = [&](std::size_t i, const char* what) {
        return "has a fault in option " + std::to_string(i + 1) + " of " + interface_id + ": " +
               what;
    };
    if (options == nullptr) return std::nullopt;
    for (std::size_t i = 0; options[i] != nullptr; ++i) {
        const auto& option = *options[i];
        if (i == max_options) return said(i, "there are more than 256");
        if (option.size < sizeof(tw_option)) return said(i, "it is too small");
        if (option.name == nullptr || *option.name == '\0') return said(i, "it has no name");
        if (option.help == nullptr) return said(i, "it has no help");
        if (option.type < TW_OPTION_STRING || option.type > TW_OPTION_NAME_OR_PATH)
            return said(i, "its type is unknown");
    }
    return std::nullopt;
}

template <class Api>
std::optional<std::string> fault_at(const tw_plugin& entry, const char* interface_id) {
    const void* found = entry.query(interface_id);
    return found == nullptr ? std::nullopt : vtable_fault(*static_cast<const Api*>(found));
}

} // namespace

std::optional<std::string> vtable_fault(const tw_backend_v1& api) {
    if (auto fault = size_fault(api, TW_BACKEND_V1)) return fault;
    if (auto fault = option_fault(api.options, TW_BACKEND_V1)) return fault;
    return slot_fault({{"create", api.create != nullptr},
                       {"destroy", api.destroy != nullptr},
                       {"start", api.start != nullptr}},
                      TW_BACKEND_V1);
}

std::optional<std::string> vtable_fault(const tw_engine_v1& api) {
    if (auto fault = size_fault(api, TW_ENGINE_V1)) return fault;
    if (auto fault = option_fault(api.options, TW_ENGINE_V1)) return fault;
    return slot_fault({{"check", api.check != nullptr},
                       {"create", api.create != nullptr},
                       {"destroy", api.destroy != nullptr},
                       {"info", api.info != nullptr},
                       {"token", api.token != nullptr},
                       {"tokenize", api.tokenize != nullptr},
                       {"decode", api.decode != nullptr},
                       {"truncate", api.truncate != nullptr}},
                      TW_ENGINE_V1);
}

std::optional<std::string> vtable_fault(const tw_verifier_v1& api) {
    if (auto fault = size_fault(api, TW_VERIFIER_V1)) return fault;
    if (auto fault = option_fault(api.options, TW_VERIFIER_V1)) return fault;
    return slot_fault({{"create", api.create != nullptr},
                       {"destroy", api.destroy != nullptr},
                       {"judge", api.judge != nullptr}},
                      TW_VERIFIER_V1);
}

std::optional<std::string> vtable_fault(const tw_chat_template_v1& api) {
    if (auto fault = size_fault(api, TW_CHAT_TEMPLATE_V1)) return fault;
    return slot_fault({{"create", api.create != nullptr},
                       {"destroy", api.destroy != nullptr},
                       {"render", api.render != nullptr},
                       {"stops", api.stops != nullptr}},
                      TW_CHAT_TEMPLATE_V1);
}

std::optional<std::string> vtable_fault(const tw_grammar_v1& api) {
    if (auto fault = size_fault(api, TW_GRAMMAR_V1)) return fault;
    return slot_fault({{"create", api.create != nullptr},
                       {"clone", api.clone != nullptr},
                       {"destroy", api.destroy != nullptr},
                       {"allowed", api.allowed != nullptr},
                       {"accept", api.accept != nullptr}},
                      TW_GRAMMAR_V1);
}

std::optional<std::string> vtable_fault(const tw_chat_v1& api) {
    if (auto fault = size_fault(api, TW_CHAT_V1)) return fault;
    return slot_fault({{"create", api.create != nullptr},
                       {"destroy", api.destroy != nullptr},
                       {"begin", api.begin != nullptr},
                       {"read", api.read != nullptr},
                       {"destroy_answer", api.destroy_answer != nullptr}},
                      TW_CHAT_V1);
}

std::optional<std::string> vtable_fault(const tw_embedding_v1& api) {
    if (auto fault = size_fault(api, TW_EMBEDDING_V1)) return fault;
    return slot_fault({{"info", api.info != nullptr}, {"embed", api.embed != nullptr}}, TW_EMBEDDING_V1);
}

std::optional<std::string> vtable_fault(const tw_ranking_v1& api) {
    if (auto fault = size_fault(api, TW_RANKING_V1)) return fault;
    return slot_fault({{"info", api.info != nullptr}, {"pair", api.pair != nullptr}, {"score", api.score != nullptr}},
                      TW_RANKING_V1);
}

std::optional<std::string> vtable_fault(const tw_question_v1& api) {
    if (auto fault = size_fault(api, TW_QUESTION_V1)) return fault;
    return slot_fault({{"start", api.start != nullptr}}, TW_QUESTION_V1);
}

std::optional<std::string> vtable_fault(const tw_pass_v1& api) {
    if (auto fault = size_fault(api, TW_PASS_V1)) return fault;
    return slot_fault({{"start", api.start != nullptr}}, TW_PASS_V1);
}

std::optional<std::string> vtable_fault(const tw_continuation_v1& api) {
    if (auto fault = size_fault(api, TW_CONTINUATION_V1)) return fault;
    return slot_fault({{"start", api.start != nullptr}}, TW_CONTINUATION_V1);
}

std::optional<std::string> vtable_fault(const tw_plugin& entry) {
    if (auto fault = fault_at<tw_backend_v1>(entry, TW_BACKEND_V1)) return fault;
    if (auto fault = fault_at<tw_engine_v1>(entry, TW_ENGINE_V1)) return fault;
    if (auto fault = fault_at<tw_verifier_v1>(entry, TW_VERIFIER_V1)) return fault;
    if (auto fault = fault_at<tw_grammar_v1>(entry, TW_GRAMMAR_V1)) return fault;
    if (auto fault = fault_at<tw_chat_v1>(entry, TW_CHAT_V1)) return fault;
    if (auto fault = fault_at<tw_embedding_v1>(entry, TW_EMBEDDING_V1)) return fault;
    if (auto fault = fault_at<tw_ranking_v1>(entry, TW_RANKING_V1)) return fault;
    if (auto fault = fault_at<tw_question_v1>(entry, TW_QUESTION_V1)) return fault;
    if (auto fault = fault_at<tw_pass_v1>(entry, TW_PASS_V1)) return fault;
    if (auto fault = fault_at<tw_continuation_v1>(entry, TW_CONTINUATION_V1)) return fault;
    return fault_at<tw_chat_template_v1>(entry, TW_CHAT_TEMPLATE_V1);
}

} // namespace tw
