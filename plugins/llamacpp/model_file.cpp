// A look at a GGUF file before it is loaded.
#include "model_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include <gguf.h>
#include <llama.h>

#include <tightwad/sdk/error.hpp>

#include "runtime.hpp"

namespace llamacpp {
namespace fs = std::filesystem;
using tw::sdk::failure;

namespace {

struct gguf_closer {
    void operator()(gguf_context* context) const { gguf_free(context); }
};

std::string bytes(std::uintmax_t n) { return std::to_string(n) + " bytes"; }

using gguf_ptr = std::unique_ptr<gguf_context, gguf_closer>;

// The header of a file that is there and whole; throws else.
gguf_ptr whole_file(const std::string& path) {
    std::array<char, 4> magic{};
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw failure(TW_DENIED, "The model file " + path + " cannot be read: " + std::strerror(errno) + ".");
    file.read(magic.data(), magic.size());
    if (file.gcount() != 4 || std::memcmp(magic.data(), GGUF_MAGIC, 4) != 0)
        throw failure(TW_CORRUPT, "The model file " + path + " is not GGUF: it does not begin with the bytes GGUF. "
                                  "Convert it, or download a .gguf file.");
    file.close();

    const error_log log;
    gguf_ptr header(gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}));
    std::error_code io;
    const auto size = fs::file_size(path, io);
    if (!header)
        throw failure(TW_CORRUPT, "The model file " + path + " (" + bytes(size) + ") has a damaged or cut header" +
                                  log.because() + ". Download it again.");
    std::uintmax_t whole = gguf_get_data_offset(header.get());
    for (std::int64_t i = 0; i < gguf_get_n_tensors(header.get()); ++i)
        whole = std::max<std::uintmax_t>(whole, gguf_get_data_offset(header.get()) +
                                                    gguf_get_tensor_offset(header.get(), i) +
                                                    gguf_get_tensor_size(header.get(), i));
    if (size < whole)
        throw failure(TW_CORRUPT, "The model file " + path + " is cut short: it has " + bytes(size) +
                                  " and needs " + bytes(whole) + ". Download it again.");
    return header;
}

int number_of(const gguf_ptr& header, const char* key) {
    const auto at = gguf_find_key(header.get(), key);
    return at >= 0 && gguf_get_kv_type(header.get(), at) == GGUF_TYPE_UINT16 ? gguf_get_val_u16(header.get(), at) : 0;
}

// The other files of a split model, which libllama finds by their names.
void check_parts(const std::string& path, const gguf_ptr& header) {
    const int count = number_of(header, "split.count"), number = number_of(header, "split.no");
    if (count < 2) return;
    const auto all = "The model lies in " + std::to_string(count) + " files, and ";
    std::array<char, 4096> name{};
    if (llama_split_prefix(name.data(), name.size(), path.c_str(), number, count) <= 0)
        throw failure(TW_INVALID_ARGUMENT, all + path + " is called otherwise than NAME-00001-of-00003.gguf, by which the "
                                                        "others are found; give it its name again.");
    const std::string prefix = name.data();
    for (int i = 0; i < count; ++i) {
        llama_split_path(name.data(), name.size(), prefix.c_str(), i, count);
        const std::string part = name.data();
        if (i == 0 && number != 0)
            throw failure(TW_INVALID_ARGUMENT, all + path + " is not the first; write " + part + " as model_path.");
        std::error_code io;
        if (!fs::is_regular_file(part, io))
            throw failure(TW_NOT_FOUND, all + part + " is not there; put all of them into one folder.");
        if (i != number) static_cast<void>(whole_file(part));
    }
}

} // namespace

void check_model_file(const std::string& path) {
    std::error_code io;
    const auto status = fs::status(path, io);
    if (!fs::exists(status))
        throw failure(TW_NOT_FOUND, "The model file " + path + " is not there. Check model_path, or fetch the "
                                    "demo's models with `sh apps/setup/models.sh`.");
    if (!fs::is_regular_file(status))
        throw failure(TW_INVALID_ARGUMENT, "The model path " + path + " is not a file. Give the path of a GGUF file.");
    const auto header = whole_file(path);
    check_parts(path, header); // before the architecture, which the first of them names
    if (gguf_find_key(header.get(), "general.architecture") < 0)
        throw failure(TW_UNSUPPORTED, "The model file " + path + " names no architecture, so it is not a language model.");
}

bool can_rank(const std::string& path) {
    const auto header = whole_file(path);
    const auto has = [&](const char* tensor) { return gguf_find_tensor(header.get(), tensor) >= 0; };
    return has("cls.weight") || has("cls.output.weight") || number_of(header, "split.count") > 1;
}

} // namespace llamacpp
