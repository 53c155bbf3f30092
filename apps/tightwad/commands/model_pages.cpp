// A name becomes files.
#include "commands/model_pages.hpp"

#include "base/text.hpp"
#include "config/paths.hpp"
#include "memory/process_files.hpp"
#include "plan/gguf_header.hpp"

namespace tw::cli {

result<model_files> find_model(const std::string& written) {
    const auto file = resolve_file(written, std::filesystem::current_path());
    if (!file) return file.error();
    auto files = plan::files_of_model(*file);
    if (!files) return files.error();
    model_files out{std::move(*files), 0};
    for (const auto& one : out.files) {
        std::error_code failed;
        const auto bytes = std::filesystem::file_size(one, failed);
        if (failed)
            return fail(code::not_found,
                        "The model file " + one.string() + " cannot be read: " + failed.message() + ".");
        if (!memory::is_model_file(one))
            return fail(code::corrupt, "The file " + one.string() +
                                           " is no model: it does not begin with the bytes GGUF, or cannot be read.");
        out.bytes += bytes;
    }
    return out;
}

std::string exactly(const std::optional<std::uint64_t>& bytes) {
    if (!bytes) return "not known";
    return human_bytes(*bytes) + " (" + std::to_string(*bytes) + " bytes)";
}

} // namespace tw::cli
