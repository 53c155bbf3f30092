// What the probe found, kept from one start to the next: a small JSON file per key.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "exactness/probe.hpp"

namespace tw {

// The folder `exactness` in cache_folder().
[[nodiscard]] std::filesystem::path probe_folder();

// `key`: everything the result depends on, as one text: the model's identity, the engine's build,
// the device, threads, cache settings, slots, context, the probe's options. The probe's own
// revision is added here. A file that is missing, cut, foreign, too big or of another key is
// absent.
[[nodiscard]] std::optional<exactness_report> load_probe(const std::filesystem::path& folder,
                                                         std::string_view key);

// Replaces the key's file by rename, so that a reader sees the old or the new one. Fails with
// code::unavailable when the folder cannot be written.
[[nodiscard]] result<void> store_probe(const std::filesystem::path& folder, std::string_view key,
                                       const exactness_report& report);

} // namespace tw
