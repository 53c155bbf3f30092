// `tightwad load MODEL`: reads a model's file into memory.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "commands/commands.hpp"
#include "commands/model_pages.hpp"
#include "commands/terminal.hpp"
#include "memory/facts.hpp"
#include "memory/page_cache.hpp"

namespace tw::cli {
namespace {

std::string per_second(double bytes_per_second) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f GB/s", bytes_per_second / 1e9);
    return text.data();
}

// None where the system does not tell.
std::optional<std::uint64_t> resident(const model_files& model) {
    std::uint64_t out = 0;
    for (const auto& file : model.files) {
        const auto found = memory::look_at_pages(file);
        if (!found) return std::nullopt;
        out += found->resident_bytes;
    }
    return out;
}

std::string no_room(std::uint64_t wanted, const memory::facts& machine, const std::string& model) {
    const bool limited = machine.room_bytes() < machine.available_bytes;
    return "The model's file needs " + exactly(wanted) + " more of memory, and " + exactly(machine.room_bytes()) +
           " can be had" + (limited ? " within the limit of this process's control group" : "") +
           "; the end of the file would push out its beginning. Nothing was read. `tightwad tune --model " + model +
           "` says what helps.";
}

} // namespace

int load_model(const load_options& options) {
    using namespace std::chrono;
    const auto model = find_model(options.file);
    if (!model) return complain(model.error().message, exit_failure);
    const auto before = resident(*model);
    const auto machine = memory::look_at_memory();
    const auto wanted = model->bytes - std::min(model->bytes, before.value_or(0));
    if (machine.available_bytes != 0 && wanted > machine.room_bytes())
        return complain(no_room(wanted, machine, options.file), exit_failure);

    log_to_stderr(options.json ? "warning" : "info");
    progress_line progress("reading " + options.file);
    const auto began = steady_clock::now();
    std::uint64_t done = 0;
    for (const auto& file : model->files) {
        std::uint64_t of_this = 0;
        const auto read = memory::bring_in(file, [&](std::uint64_t bytes) {
            of_this = bytes;
            progress.show(static_cast<float>(static_cast<double>(done + bytes) / static_cast<double>(model->bytes)));
            return true;
        });
        if (!read) {
            progress.clear();
            return complain(read.error().message, exit_failure);
        }
        done += of_this;
    }
    const auto seconds = duration<double>(steady_clock::now() - began).count();
    progress.clear();
    const auto after = resident(*model);
    const double speed = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    const bool whole = !after || *after >= model->bytes;
    if (options.json) {
        const auto maybe = [](const auto& number) { return number ? nlohmann::json(*number) : nlohmann::json(); };
        const nlohmann::ordered_json out{{"bytes", model->bytes},
                                         {"resident_before", maybe(before)},
                                         {"resident_after", maybe(after)},
                                         {"seconds", seconds},
                                         {"bytes_per_second", speed}};
        std::cout << out.dump(2) << std::endl;
    } else {
        std::array<char, 32> took{};
        std::snprintf(took.data(), took.size(), "%.2f s", seconds);
        std::cout << "Read " << exactly(done) << " in " << took.data() << ", " << per_second(speed)
                  << ". In memory before: " << exactly(before) << ", now: " << exactly(after) << '.' << std::endl;
    }
    if (whole) return exit_ok;
    return complain("Only " + exactly(after) +
                        " of the model's file stayed in memory; something else needs the room. `tightwad tune --model " +
                        options.file + "` says what helps.",
                    exit_failure);
}

} // namespace tw::cli
