// What is served, by name.
#include "peer/host_state.hpp"

#include <utility>

namespace tw::peer {
namespace {

template <class Served>
result<Served> find(const std::map<std::string, Served>& all, const std::string& name, const std::string& role) {
    if (name.empty() && all.size() == 1) return all.begin()->second;
    if (const auto found = all.find(name); found != all.end()) return found->second;
    std::string names;
    for (const auto& [each, what] : all) names += (names.empty() ? "\"" : ", \"") + each + '"';
    if (name.empty() && !all.empty())
        return fail(code::invalid_argument, "This machine has " + std::to_string(all.size()) + ' ' + role +
                                                "s loaded; say with `model` which of them is meant: " + names + '.');
    return fail(code::not_found, "This machine has no " + role + (name.empty() ? "" : " \"" + name + '"') + " loaded" +
                                     (all.empty() ? "" : "; it has " + names) + '.');
}

} // namespace

result<std::shared_ptr<served_drafter>> host_state::drafter(const std::string& name) {
    const std::lock_guard lock(mutex);
    return find(drafters, name, "drafter");
}

result<std::shared_ptr<served_target>> host_state::target(const std::string& name) {
    const std::lock_guard lock(mutex);
    return find(targets, name, "target");
}

wire::hello host_state::hello() {
    const std::lock_guard lock(mutex);
    auto out = mine;
    std::map<std::string, wire::served_engine> all;
    for (const auto& [name, each] : drafters) {
        all[name] = each->engine();
        all[name].drafter = true;
    }
    for (const auto& [name, each] : targets) {
        const bool drafts = all.contains(name);
        all[name] = each->engine;
        all[name].drafter = drafts;
        all[name].target = true;
    }
    for (auto& [name, each] : all)
        if (out.engines.size() < wire::max_engines) out.engines.push_back(std::move(each));
    return out;
}

} // namespace tw::peer
