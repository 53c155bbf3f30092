// A place on the shelf, as a pipeline.
#include "pipeline/on_demand_pipeline.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace tw {

on_demand_pipeline::on_demand_pipeline(std::shared_ptr<model_shelf> shelf, std::vector<std::string> serves, shelf_item item)
    : shelf_(std::move(shelf)), name_(item.name), serves_(std::move(serves)), bytes_(item.bytes),
      id_(shelf_->add(std::move(item))) {}

on_demand_pipeline::~on_demand_pipeline() { shelf_->remove(id_); }

template <class Asked, class Heard>
result<std::shared_ptr<generation>> on_demand_pipeline::call(Asked asked, Heard heard) {
    if (auto* const loaded = shelf_->borrow(id_, 2)) { // for the answer, which may end before begin_at does, and for that
        const auto give_back = [shelf = shelf_.get(), id = id_] { shelf->give_back(id); };
        auto begun = begin_at(*loaded, std::move(asked), std::move(heard), give_back);
        if (!begun) give_back();
        give_back();
        return begun;
    }
    auto waiting = std::make_shared<waiting_call>(std::move(asked), std::move(heard));
    if (const auto queued = shelf_->enqueue(id_, waiting); !queued) return queued.error();
    return std::shared_ptr<generation>(std::move(waiting));
}

result<std::shared_ptr<generation>> on_demand_pipeline::start(generation_request request, std::shared_ptr<generation_sink> sink) {
    return call(std::move(request), std::move(sink));
}

result<std::shared_ptr<generation>> on_demand_pipeline::ask(question asked, finding_function done) {
    return call(std::move(asked), std::move(done));
}

result<std::shared_ptr<generation>> on_demand_pipeline::pass(std::shared_ptr<const pass_request> request,
                                                             std::shared_ptr<pass_sink> sink) {
    if (bytes_ > 0) return pipeline::pass(std::move(request), std::move(sink));
    return call(std::move(request), std::move(sink));
}

nlohmann::json on_demand_pipeline::status() const {
    static constexpr const char* words[] = {"unloaded", "loading", "loaded", "leaving"};
    const auto now = shelf_->describe(id_);
    auto out = shelf_->status_of(id_);
    if (out.is_null()) out = {{"target", nullptr}, {"draft", nullptr}};
    out["name"] = name_;
    out["serves"] = serves_;
    out["load"] = {{"state", words[static_cast<std::size_t>(now.how)]}, {"bytes", bytes_}, {"running", now.running},
                   {"waiting", now.waiting}, {"last_failure", now.last_failure}};
    if (now.how == model_shelf::state::loading) out["load"]["progress"] = now.progress;
    return out;
}

} // namespace tw
