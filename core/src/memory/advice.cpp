// The rules. Pages of a mapped model file need no swap: they are dropped and read again. Caches, and weights that
// llama.cpp repacks for the processor, are memory of their own and do.
#include "memory/advice.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tw::memory {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30U;
constexpr std::uint64_t spare_bytes = 2 * gib; // beside the model
constexpr std::uint64_t least_swap_bytes = gib;
constexpr std::uint64_t usual_swap_bytes = 8 * gib;
constexpr int low_swappiness = 60, low_zram_swappiness = 100;

// A swap file of whole GiB, under a name that is free among the swap areas.
std::vector<std::string> add_swap(const facts& machine, std::uint64_t bytes) {
    std::string file = "/swapfile";
    const auto taken = [&] { return std::ranges::find(machine.swaps, file, &swap_area::name) != machine.swaps.end(); };
    for (int i = 2; taken(); ++i)
        file = "/swapfile" + std::to_string(i);
    const auto size = std::to_string((bytes + gib - 1) / gib) + "G";
    return {"sudo fallocate -l " + size + " " + file, "sudo chmod 600 " + file, "sudo mkswap " + file,
            "sudo swapon " + file, "echo '" + file + " none swap sw 0 0' | sudo tee -a /etc/fstab"};
}

void about_limit(const facts& machine, std::uint64_t model, std::vector<advice>& out) {
    if (!machine.limit_bytes || model <= *machine.limit_bytes) return;
    const auto wanted = std::to_string((model + spare_bytes + gib - 1) / gib) + "G";
    out.push_back({severity::critical,
                   "A control group lets this process have " + human_bytes(*machine.limit_bytes) +
                       ", pages of files included, and the model has " +
                       human_bytes(model) +
                       ": its pages would push each other out. Raise the limit, for a container or for a service:",
                   {"docker update --memory " + wanted + " --memory-swap -1 CONTAINER",
                    "sudo systemctl set-property UNIT MemoryMax=" + wanted}});
}

void about_room(const facts& machine, std::uint64_t model, std::vector<advice>& out) {
    const auto room = machine.room_bytes();
    if (model <= room) return;
    const auto lacking = model - room + spare_bytes;
    const auto beginning =
        "The model has " + human_bytes(model) + " and " + human_bytes(room) +
        " are free. On a GPU that holds it whole it loads all the same; on the processor what did not fit is read from "
        "the disk again for every token. ";
    if (machine.disk_swap_bytes() < least_swap_bytes)
        out.push_back(
            {severity::critical,
             beginning + "Caches and repacked weights are no pages of the file and need memory or swap, of which there "
                         "is none to speak of:",
             add_swap(machine, lacking)});
    else if (machine.free_disk_swap_bytes() < lacking)
        out.push_back({severity::warning,
                       beginning + "Of swap, " + human_bytes(machine.free_disk_swap_bytes()) +
                           " are free; programs that wait make room when there are " +
                           human_bytes(lacking) + ":",
                       add_swap(machine, lacking - machine.free_disk_swap_bytes())});
    else
        out.push_back({severity::note, beginning + "There is enough swap for programs that wait to make room."});
}

void about_swap(const facts& machine, bool with_model, std::vector<advice>& out) {
    if (!with_model && machine.disk_swap_bytes() < least_swap_bytes)
        out.push_back({severity::note, "There is no swap on a disk; a model larger than the free memory wants some:",
                       add_swap(machine, usual_swap_bytes)});
    for (const auto& one : machine.swaps)
        if (one.rotating.value_or(false))
            out.push_back({severity::warning, "The swap " + one.name +
                                                  " lies on a rotating disk: what is swapped out comes back slowly. Put "
                                                  "swap on an SSD."});
    const bool zram = std::ranges::any_of(machine.swaps, &swap_area::in_memory);
    const int low = zram ? low_zram_swappiness : low_swappiness;
    if (machine.swaps.empty() || !machine.swappiness || *machine.swappiness >= low) return;
    const auto better = std::string("vm.swappiness=") + (zram ? "133" : "100");
    out.push_back({severity::note,
                   "vm.swappiness is " + std::to_string(*machine.swappiness) +
                       ": pages of files, the model's among them, are let go before programs that wait are swapped out" +
                       (zram ? std::string(", although swapping to zram is cheap:") : std::string(":")),
                   {"sudo sysctl " + better, "echo '" + better + "' | sudo tee /etc/sysctl.d/90-model.conf"}});
}

} // namespace

const char* word_of(severity how) {
    switch (how) {
    case severity::note:
        return "note";
    case severity::warning:
        return "warning";
    case severity::critical:
        return "critical";
    }
    return "";
}

std::vector<advice> advise(const facts& machine, std::optional<std::uint64_t> model_bytes) {
    std::vector<advice> out;
    if (model_bytes) {
        about_limit(machine, *model_bytes, out);
        about_room(machine, *model_bytes, out);
    }
    about_swap(machine, model_bytes.has_value(), out);
    if (model_bytes && *model_bytes > machine.room_bytes() / 2)
        out.push_back({severity::note,
                       "Once the model is on a GPU, its file need not stay in memory:",
                       {"tightwad reclaim MODEL"}});
    if (out.empty()) out.push_back({severity::note, "Nothing needs to be done."});
    return out;
}

} // namespace tw::memory
