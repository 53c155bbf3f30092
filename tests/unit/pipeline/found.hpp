// What a pipeline finds when it is asked.
#pragma once

#include <future>
#include <utility>

#include "pipeline/pipeline.hpp"

namespace tw::test {

inline result<finding> found(pipeline& where, question asked) {
    std::promise<result<finding>> heard;
    auto future = heard.get_future();
    const auto begun = where.ask(std::move(asked), [&](result<finding> what) { heard.set_value(std::move(what)); });
    if (!begun) return begun.error();
    return future.get();
}

} // namespace tw::test
