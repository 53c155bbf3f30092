// `tightwad tune`: what this machine's memory, swap and limits mean for a model, and what would help.
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/text.hpp"
#include "commands/commands.hpp"
#include "commands/model_pages.hpp"
#include "commands/terminal.hpp"
#include "memory/advice.hpp"

namespace tw::cli {
namespace {

using json = nlohmann::ordered_json;

tint colour_of(memory::severity how) {
    return how == memory::severity::critical  ? tint::red
           : how == memory::severity::warning ? tint::yellow
                                              : tint::green;
}

const char* kind_of(const memory::swap_area& one) {
    if (one.in_memory) return "compressed in memory";
    if (!one.rotating) return "on a disk of unknown kind";
    return *one.rotating ? "on a rotating disk" : "on an SSD";
}

void print(const memory::facts& machine, const std::optional<model_files>& model) {
    std::cout << "memory      " << human_bytes(machine.total_bytes) << ", " << human_bytes(machine.available_bytes)
              << " available\n";
    if (machine.limit_bytes)
        std::cout << "limit       " << human_bytes(*machine.limit_bytes) << " by a control group, "
                  << human_bytes(machine.limit_room_bytes.value_or(0)) << " of it left\n";
    for (const auto& one : machine.swaps)
        std::cout << "swap        " << one.name << ", " << human_bytes(one.bytes) << ", " << human_bytes(one.used_bytes)
                  << " used, " << kind_of(one) << '\n';
    if (machine.swaps.empty()) std::cout << "swap        none\n";
    if (machine.swappiness) std::cout << "swappiness  " << *machine.swappiness << '\n';
    if (model)
        std::cout << "model       " << human_bytes(model->bytes) << " in " << model->files.size()
                  << (model->files.size() == 1 ? " file\n" : " files\n");
}

void print(const std::vector<memory::advice>& all) {
    for (const auto& one : all) {
        std::cout << '\n' << paint(STDOUT_FILENO, colour_of(one.how), word_of(one.how)) << "  " << one.sentence << '\n';
        for (const auto& command : one.commands)
            std::cout << "    " << command << '\n';
    }
    std::cout.flush();
}

json to_json(const memory::facts& machine) {
    const auto maybe = [](const auto& value) { return value ? json(*value) : json(); };
    auto swaps = json::array();
    for (const auto& one : machine.swaps)
        swaps.push_back({{"name", one.name},
                         {"bytes", one.bytes},
                         {"used_bytes", one.used_bytes},
                         {"in_memory", one.in_memory},
                         {"rotating", maybe(one.rotating)}});
    return {{"total_bytes", machine.total_bytes},
            {"available_bytes", machine.available_bytes},
            {"limit_bytes", maybe(machine.limit_bytes)},
            {"limit_room_bytes", maybe(machine.limit_room_bytes)},
            {"room_bytes", machine.room_bytes()},
            {"swappiness", maybe(machine.swappiness)},
            {"swaps", std::move(swaps)}};
}

} // namespace

int tune(const tune_options& options) {
    std::optional<model_files> model;
    if (!options.model.empty()) {
        auto found = find_model(options.model);
        if (!found) return complain(found.error().message, exit_failure);
        model = std::move(*found);
    }
    const auto machine = memory::look_at_memory();
    if (machine.total_bytes == 0)
        return complain("This system does not say how much memory it has (there is no /proc/meminfo).", exit_failure);
    const auto found = memory::advise(machine, model ? std::optional(model->bytes) : std::nullopt);
    if (!options.json) {
        print(machine, model);
        print(found);
        return exit_ok;
    }
    auto list = json::array();
    for (const auto& one : found)
        list.push_back({{"severity", word_of(one.how)}, {"sentence", one.sentence}, {"commands", one.commands}});
    const json out{{"memory", to_json(machine)},
                   {"model_bytes", model ? json(model->bytes) : json()},
                   {"advice", std::move(list)}};
    std::cout << out.dump(2, ' ', false, json::error_handler_t::replace) << std::endl;
    return exit_ok;
}

} // namespace tw::cli
