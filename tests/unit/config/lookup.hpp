// The plugins that the tests pretend to have found.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace tw::test {

inline result<std::vector<option_info>> options_of(std::string_view interface, std::string_view plugin) {
    if (plugin == "llamacpp" && interface == "server")
        return std::vector<option_info>{{"url", TW_OPTION_STRING, "", "the server.", true, 0, 0},
                                        {"model", TW_OPTION_STRING, "", "its name there.", false, 0, 0},
                                        {"api_key", TW_OPTION_STRING, "", "its key.", false, 0, 0}};
    if (plugin == "llamacpp")
        return std::vector<option_info>{
            {"model_path", TW_OPTION_PATH, "", "the GGUF file.", true, 0, 0},
            {"context", TW_OPTION_INTEGER, "2048", "tokens in one sequence.", false, 8, 1 << 24},
            {"slots", TW_OPTION_INTEGER, "4", "answers at the same time.", false, 1, 64},
            {"form", TW_OPTION_NAME_OR_PATH, "", "its form of chats.", false, 0, 0},
            {"mmap", TW_OPTION_BOOLEAN, "true", "map the file.", false, 0, 0},
            {"rope_scale", TW_OPTION_NUMBER, "", "a factor.", false, 0, 0}};
    if (plugin == "cloud")
        return std::vector<option_info>{{"url", TW_OPTION_STRING, "", "the service.", true, 0, 0},
                                        {"api_key", TW_OPTION_STRING, "", "its key.", true, 0, 0}};
    return fail(code::not_found, "There is no plugin \"" + std::string(plugin) + "\".");
}

inline load_result parse_text(std::string_view text, const std::string& file = "/etc/tightwad/test.toml") {
    return parse(text, file, options_of);
}

// The same with a backend and a pipeline added, so that only `text` can be wrong.
inline load_result parse_with_pipeline(const std::string& text) {
    return parse_text("schema = 1\n" + text +
                      "\n[backend.target]\nplugin = \"llamacpp\"\nmodel_path = \"m.gguf\"\n"
                      "[pipeline.chat]\nserves = [\"m\"]\ntarget = \"target\"\n");
}

} // namespace tw::test
