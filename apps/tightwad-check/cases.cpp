// The conformance cases by name: the file's from the loader, the interfaces' from the testkit.
#include "cases.hpp"

#include <cstring>
#include <optional>

#include <tightwad/abi/draft/continuation.h>
#include <tightwad/abi/draft/ranking.h>
#include <tightwad/abi/ext/chat.h>
#include <tightwad/abi/ext/embedding.h>
#include <tightwad/abi/ext/grammar.h>
#include <tightwad/abi/ext/pass.h>
#include <tightwad/abi/ext/question.h>
#include <tightwad/testkit/backend_cases.hpp>
#include <tightwad/testkit/engine_cases.hpp>

#include "plugin/inspect.hpp"
#include "plugin/load.hpp"
#include "plugin/sha256.hpp"
#include "plugin/vtable.hpp"

namespace tw::check {
namespace {

using testkit::failed;
using testkit::passed;
using testkit::skipped;
using testkit::verdict;

verdict from(const std::optional<std::string>& fault, const char* praise) {
    return fault ? failed(*fault) : passed(praise);
}

verdict file_case(const subject& s) {
    return from(inspect_file(s.file), "It is a file that only its owner and group may change.");
}
verdict library_case(const subject& s) {
    return from(inspect_library(s.file), "It is a whole shared library for this machine.");
}
verdict contract_case(const subject& s) {
    return from(inspect_contract(s.file), "It exports " TW_PLUGIN_SYMBOL ".");
}

verdict pin_case(const subject& s) {
    if (s.sha256.empty()) return skipped("Give the digest it should have with --sha256.");
    const auto digest = sha256_of_file(s.file);
    if (!digest) return failed(digest.error().message);
    if (*digest != s.sha256)
        return failed("It has the sha256 " + *digest + " and should have " + s.sha256 + ".");
    return passed("It has the sha256 it should have.");
}

verdict unique_case(const subject& s) {
    if (s.plugins_dirs.empty())
        return skipped("Give the folder it is meant for with --plugins-dir.");
    for (const auto& dir : s.plugins_dirs) {
        const auto other = dir / s.file.filename();
        std::error_code ignored;
        if (std::filesystem::exists(other, ignored) &&
            !std::filesystem::equivalent(other, s.file, ignored))
            return failed("The id \"" + s.file.stem().string() + "\" is already used by " +
                          other.string() + ".");
    }
    return passed("Its id is not taken.");
}

verdict load_case(const subject& s) {
    const auto entry = map_library(s.file);
    return entry ? passed("The system's loader takes it.") : failed(entry.error().message);
}

verdict entry_case(const subject& s) {
    const auto entry = map_library(s.file);
    if (!entry) return failed(entry.error().message);
    return from(entry_fault(**entry, s.file), "Its entry is complete and fits this host.");
}

verdict tables_case(const subject& s) {
    const auto entry = map_library(s.file);
    if (!entry) return failed(entry.error().message);
    const auto& query = (*entry)->query;
    if (auto fault = vtable_fault(**entry)) return failed("It " + *fault + ".");
    if (query("tightwad.no-such-interface/1") != nullptr)
        return failed("query answers an interface that does not exist.");
    std::size_t offered = 0;
    for (const char* id :
         {TW_BACKEND_V1, TW_ENGINE_V1, TW_GRAMMAR_V1, TW_CHAT_V1, TW_EMBEDDING_V1, TW_RANKING_V1,
          TW_QUESTION_V1, TW_PASS_V1, TW_CONTINUATION_V1, TW_VERIFIER_V1, TW_CHAT_TEMPLATE_V1}) {
        const std::string copy = id; // other memory, the same text
        if (query(id) != query(copy.c_str()))
            return failed(std::string("query(\"") + id + "\") answers differently at each call.");
        if (query(id) != nullptr) ++offered;
    }
    if (offered == 0) return failed("It offers no interface that this host knows.");
    return passed("Every interface has all its functions.");
}

template <class Api> const Api* find(const subject& s, const char* id) {
    const auto entry = map_library(s.file);
    return entry ? static_cast<const Api*>((*entry)->query(id)) : nullptr;
}

verdict errors_case(const subject& s) {
    const auto* backend = find<tw_backend_v1>(s, TW_BACKEND_V1);
    const auto* engine = find<tw_engine_v1>(s, TW_ENGINE_V1);
    verdict out = skipped("It offers neither a backend nor an engine.");
    if (engine != nullptr) out = testkit::engine_errors_case(*engine);
    if (backend != nullptr && out.result != verdict::kind::failed)
        out = testkit::backend_errors_case(*backend, s.config);
    return out;
}

template <verdict (*Case)(const tw_backend_v1&, const std::string&)>
verdict for_backend(const subject& s) {
    const auto* api = find<tw_backend_v1>(s, TW_BACKEND_V1);
    return api == nullptr ? skipped("It offers no backend.") : Case(*api, s.config);
}

verdict engine_case(const subject& s) {
    const auto* api = find<tw_engine_v1>(s, TW_ENGINE_V1);
    return api == nullptr ? skipped("It offers no engine.") : testkit::engine_case(*api, s.config);
}

} // namespace

const std::vector<conformance_case>& all_cases() {
    static const std::vector<conformance_case> cases{
        {"file", "only its owner and group may change the file", true, &file_case},
        {"library", "it is a whole shared library for this machine", true, &library_case},
        {"contract", "it exports this contract's entry and major version", true, &contract_case},
        {"pin", "its sha256 is the one given with --sha256", true, &pin_case},
        {"unique", "its id is not taken in the folders given with --plugins-dir", true,
         &unique_case},
        {"load", "its constructors run and end", true, &load_case},
        {"entry", "its entry is complete and fits this host", true, &entry_case},
        {"tables", "every interface it offers has all its functions", true, &tables_case},
        {"errors", "nonsense is answered with an error and a sentence, never an exception", false,
         &errors_case},
        {"loop", "start returns at once", false, &for_backend<&testkit::loop_case>},
        {"done", "done comes exactly once, and nothing after it", false,
         &for_backend<&testkit::done_case>},
        {"borrow", "nothing that was lent is read after the call", false,
         &for_backend<&testkit::borrow_case>},
        {"engine", "an engine states itself soundly and repeats its logits", false, &engine_case},
    };
    return cases;
}

} // namespace tw::check
