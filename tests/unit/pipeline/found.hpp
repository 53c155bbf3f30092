// What a pipeline finds when it is asked.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "pipeline/pipeline.hpp"

namespace tw::test {

inline result<finding> found(pipeline& where, question asked) {
    const auto heard = std::make_shared<std::promise<result<finding>>>(); // the pipeline's thread may let go of it last
    const auto begun = where.ask(std::move(asked), [heard](result<finding> what) { heard->set_value(std::move(what)); });
    if (!begun) return begun.error();
    return heard->get_future().get();
}

} // namespace tw::test
