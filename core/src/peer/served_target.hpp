// A pipeline of this host that others may ask.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "pipeline/pipeline.hpp"
#include "speculation/speculator.hpp"
#include "wire/hello.hpp"

namespace tw::peer {

struct served_target {
    wire::served_engine engine{};
    std::shared_ptr<tw::pipeline> answers{};
    // Drafters that those who ask bring along; called on a thread of the host's that may wait. Both null: none.
    std::function<std::size_t(drafter_offer)> join{};
    std::function<void(std::size_t ticket)> leave{};
};

} // namespace tw::peer
