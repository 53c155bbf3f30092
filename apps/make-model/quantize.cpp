// Quantising through libllama, with its talk turned into one line of progress.
#include "commands.hpp"
#include "gguf_file.hpp"

#include <llama.h>

#include <cstdio>
#include <stdexcept>

namespace tw::make_model {
namespace {

// What the library says: its errors are kept for the message, its "[ 12/ 201]" becomes progress.
struct listener {
    std::string last_error;
    int shown_quarters = 0;

    void hear(ggml_log_level level, const char* text) {
        int tensor = 0;
        int tensors = 0;
        if (level == GGML_LOG_LEVEL_ERROR) {
            last_error = text;
            while (last_error.ends_with('\n')) {
                last_error.pop_back();
            }
        } else if (std::sscanf(text, "[%d/%d]", &tensor, &tensors) == 2 && tensors > 0 &&
                   tensor * 4 / tensors > shown_quarters) {
            shown_quarters = tensor * 4 / tensors;
            std::fprintf(stderr, "      quantized %d of %d tensors\n", tensor, tensors);
        }
    }
};

} // namespace

void quantize(const std::filesystem::path& in, const std::filesystem::path& out,
              const std::string& type) {
    llama_model_quantize_params params = llama_model_quantize_default_params();
    if (type == "q4_0") {
        params.ftype = LLAMA_FTYPE_MOSTLY_Q4_0;
    } else if (type == "q8_0") {
        params.ftype = LLAMA_FTYPE_MOSTLY_Q8_0;
    } else {
        throw std::runtime_error("the type is q4_0 or q8_0, not " + type);
    }
    params.allow_requantize = true;
    if (!gguf_ptr{gguf_init_from_file(in.c_str(), {.no_alloc = true, .ctx = nullptr})}) {
        throw std::runtime_error(in.string() + " is missing or not a GGUF file");
    }

    listener heard;
    llama_log_set([](ggml_log_level level, const char* text,
                     void* to) { static_cast<listener*>(to)->hear(level, text); },
                  &heard);
    llama_backend_init();
    try {
        write_then_rename(out, [&](const std::string& part) {
            if (llama_model_quantize(in.c_str(), part.c_str(), &params) != 0) {
                throw std::runtime_error("llama.cpp says: " + heard.last_error);
            }
        });
    } catch (...) {
        llama_log_set(nullptr, nullptr);
        throw;
    }
    llama_log_set(nullptr, nullptr);
}

} // namespace tw::make_model
