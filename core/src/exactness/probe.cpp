// Measures which batch shapes of an engine give the same bits.
#include "exactness/probe.hpp"

#include <algorithm>

#include "exactness/prober.hpp"

namespace tw {

const char* name(exactness_class kind) {
    switch (kind) {
    case exactness_class::bitwise:
        return "bitwise";
    case exactness_class::shape_class:
        return "shape-class";
    case exactness_class::numeric:
        break;
    }
    return "numeric";
}

namespace {

void clear(engine& model) {
    for (std::int32_t seq = 0; seq < std::min(model.info().n_seq, exactness::used_sequences); ++seq)
        static_cast<void>(model.truncate(seq, 0)); // best effort after a failure
}

} // namespace

result<exactness_report> probe(engine& model, const probe_options& options,
                               const std::function<bool(float)>& progress) {
    const auto& info = model.info();
    exactness_report untested;
    untested.rows = {1, info.n_batch};
    if (!info.truncates) {
        untested.findings.push_back(
            "The model cannot roll its cache back, so no draft can be taken "
            "back and nothing was compared.");
        return untested;
    }
    if (info.n_ctx < exactness::shortest_context) {
        untested.findings.push_back(
            "A context of " + std::to_string(info.n_ctx) +
            " tokens is too short to compare anything; give the model at least " +
            std::to_string(exactness::shortest_context) + ".");
        return untested;
    }
    try {
        auto report = exactness::prober(model, options, progress).run();
        clear(model);
        if (progress) static_cast<void>(progress(1.0F));
        return report;
    } catch (const exactness::halted& stop) {
        clear(model);
        return stop.why;
    }
}

} // namespace tw
