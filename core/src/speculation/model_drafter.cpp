// Drafts by a small model.
#include "speculation/model_drafter.hpp"

#include <algorithm>

namespace tw {

model_drafter::model_drafter(std::unique_ptr<engine> model)
    : model_(std::move(model)), slots_(static_cast<std::size_t>(model_->info().n_seq)) {}

result<std::vector<std::vector<std::int32_t>>> model_drafter::propose(std::span<const draft_request> requests) {
    auto drafts = [&]() -> result<std::vector<std::vector<std::int32_t>>> {
        for (const auto& request : requests)
            if (const auto aligned = align(request); !aligned) return aligned.error();
        if (const auto level = catch_up(requests); !level) return level.error();
        return run_ahead(requests);
    }();
    if (!drafts)
        for (const auto& request : requests) release(request.slot);
    return drafts;
}

void model_drafter::release(std::int32_t slot) {
    auto& state = slots_[static_cast<std::size_t>(slot)];
    state = {};
    // Truncating to nothing always works, by the contract.
    static_cast<void>(model_->truncate(slot, 0));
}

result<void> model_drafter::cut(std::int32_t slot, std::size_t length) {
    auto& state = slots_[static_cast<std::size_t>(slot)];
    if (length == state.cached.size()) return {};
    if (const auto done = model_->truncate(slot, static_cast<std::int32_t>(length)); !done) {
        // A model that cannot roll back starts over.
        if (const auto cleared = model_->truncate(slot, 0); !cleared) return cleared.error();
        length = 0;
    }
    state.cached.resize(length);
    return {};
}

// Drops what the target did not confirm, and makes room when the drafter's context is full. The last
// committed token is never kept: its row is what the first draft is picked from.
result<void> model_drafter::align(const draft_request& request) {
    auto& state = slots_[static_cast<std::size_t>(request.slot)];
    const auto& tokens = request.committed;
    const auto context = static_cast<std::size_t>(model_->info().n_ctx);
    if (tokens.size() - state.base + request.want > context) {
        if (const auto cleared = cut(request.slot, 0); !cleared) return cleared;
        state.base = tokens.size() - std::min(tokens.size(), context / 2);
    }
    const auto tail = tokens.subspan(state.base);
    const auto most = std::min(state.cached.size(), tail.size() - 1);
    const auto differs = std::mismatch(state.cached.begin(), state.cached.begin() + static_cast<std::ptrdiff_t>(most),
                                       tail.begin());
    return cut(request.slot, static_cast<std::size_t>(differs.first - state.cached.begin()));
}

// Feeds every slot up to the token before the last committed one.
result<void> model_drafter::catch_up(std::span<const draft_request> requests) {
    const auto batch = static_cast<std::size_t>(model_->info().n_batch);
    while (true) {
        rows_.clear();
        for (const auto& request : requests) {
            auto& state = slots_[static_cast<std::size_t>(request.slot)];
            const auto tail = request.committed.subspan(state.base);
            while (state.cached.size() + 1 < tail.size() && rows_.size() < batch) {
                rows_.push_back({request.slot, static_cast<std::int32_t>(state.cached.size()),
                                 tail[state.cached.size()], 0});
                state.cached.push_back(tail[state.cached.size()]);
            }
        }
        if (rows_.empty()) return {};
        if (const auto pass = model_->decode(rows_); !pass) return pass.error();
    }
}

result<std::vector<std::vector<std::int32_t>>> model_drafter::run_ahead(std::span<const draft_request> requests) {
    std::vector<std::vector<std::int32_t>> drafts(requests.size());
    const auto furthest = std::max_element(requests.begin(), requests.end(), [](const auto& a, const auto& b) {
                              return a.want < b.want;
                          })->want;
    for (std::size_t step = 0; step < furthest; ++step) {
        rows_.clear();
        for (std::size_t i = 0; i < requests.size(); ++i) {
            if (requests[i].want <= step) continue;
            auto& state = slots_[static_cast<std::size_t>(requests[i].slot)];
            const auto token = step == 0 ? requests[i].committed.back() : drafts[i].back();
            rows_.push_back({requests[i].slot, static_cast<std::int32_t>(state.cached.size()), token, 1});
            state.cached.push_back(token);
        }
        const auto logits = model_->decode(rows_);
        if (!logits) {
            for (std::size_t i = 0; i < requests.size(); ++i) requests[i].sampler->pop(drafts[i].size());
            return logits.error();
        }
        std::int32_t row = 0;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            if (requests[i].want <= step) continue;
            const auto position = static_cast<std::int64_t>(requests[i].committed.size() + step);
            drafts[i].push_back(requests[i].sampler->pick(logits->row(row++), position));
            requests[i].sampler->push(drafts[i].back());
        }
    }
    for (std::size_t i = 0; i < requests.size(); ++i) requests[i].sampler->pop(drafts[i].size());
    return drafts;
}

} // namespace tw
