// Compares the logits of a GGUF with those of the same model inflated, row by row; and proves that it can tell, by
// spoiling one projection of the added blocks: live_inflate MODEL.gguf INFLATED.gguf
// Also writes the model whose number of heads stands in an array, once per block: live_inflate arrays MODEL.gguf OUT
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gguf.h>

#include "sampling/digest.hpp"
#include "support/real_engine.hpp"

namespace {

constexpr const char* text =
    "Once upon a time, there was a little girl named Lily. She loved to play in the garden behind her house. "
    "One day she found a small grey stone that was warm, and she took it home to show it to her mother. "
    "Her mother smiled and said that the stone must have slept in the sun. That night Lily put it beside her bed, "
    "and in the morning there was a tiny crack in it, and something inside was knocking.";

using digests = std::vector<std::uint64_t>;

// The text in passes of `step` tokens.
digests walk(tw::engine& model, const std::vector<std::int32_t>& tokens, std::size_t step) {
    digests rows;
    for (std::size_t at = 0; at < tokens.size(); at += step) {
        const auto count = std::min(step, tokens.size() - at);
        const auto logits = bench::decode(model, 0, at, std::span(tokens).subspan(at, count));
        for (std::int32_t i = 0; i < logits.n_rows; ++i) rows.push_back(tw::digest(logits.row(i)));
    }
    bench::clear(model);
    return rows;
}

// Passes that hold rows of two sequences: the text, and the text backwards.
digests walk_two_sequences(tw::engine& model, const std::vector<std::int32_t>& tokens, std::size_t step) {
    digests out;
    for (std::size_t at = 0; at + step <= tokens.size(); at += step) {
        std::vector<tw_row> rows;
        for (const std::int32_t seq : {0, 1})
            for (std::size_t i = at; i < at + step; ++i)
                rows.push_back({seq, static_cast<std::int32_t>(i), tokens[seq == 0 ? i : tokens.size() - 1 - i], 1});
        const auto logits = model.decode(rows);
        if (!logits) std::exit(2);
        for (std::int32_t i = 0; i < logits->n_rows; ++i) out.push_back(tw::digest(logits->row(i)));
    }
    for (const std::int32_t seq : {0, 1}) bench::clear(model, seq);
    return out;
}

digests all_rows(const std::string& path) {
    const auto model = bench::load_engine(path, 2, 1); // one thread never waits for another in a spin
    const auto tokens = bench::tokenize(*model, text);
    digests all;
    const auto add = [&](const digests& some) { all.insert(all.end(), some.begin(), some.end()); };
    for (const std::size_t step : {std::size_t{1}, std::size_t{8}, tokens.size()}) add(walk(*model, tokens, step));
    add(walk_two_sequences(*model, tokens, 4));
    std::printf("%zu rows of %zu positions\n", all.size(), tokens.size());
    return all;
}

std::size_t differing(const digests& a, const digests& b) {
    if (a.size() != b.size()) return std::max(a.size(), b.size());
    return std::transform_reduce(a.begin(), a.end(), b.begin(), std::size_t{0}, std::plus{}, std::not_equal_to{});
}

// Puts the bytes of the first block's projection into the last one's, whose own are zero. False when they were not.
bool spoil(const std::string& path) {
    const std::unique_ptr<gguf_context, void (*)(gguf_context*)> meta(
        gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}), gguf_free);
    const auto blocks = gguf_get_val_u32(meta.get(), gguf_find_key(meta.get(), "llama.block_count"));
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    const auto place = [&](std::uint32_t block) {
        const auto name = "blk." + std::to_string(block) + ".ffn_down.weight";
        const auto id = gguf_find_tensor(meta.get(), name.c_str());
        return std::pair(static_cast<std::streamoff>(gguf_get_data_offset(meta.get()) +
                                                     gguf_get_tensor_offset(meta.get(), id)),
                         gguf_get_tensor_size(meta.get(), id));
    };
    const auto [from, size] = place(0);
    const auto [to, to_size] = place(blocks - 1);
    std::string bytes(size, '\0'), old(to_size, '\0');
    file.seekg(to).read(old.data(), static_cast<std::streamsize>(to_size));
    file.seekg(from).read(bytes.data(), static_cast<std::streamsize>(size));
    file.seekp(to).write(bytes.data(), static_cast<std::streamsize>(size));
    return file.good() && size == to_size && old.find_first_not_of('\0') == std::string::npos;
}

int write_with_arrays(const char* model, const char* out) {
    const std::unique_ptr<gguf_context, void (*)(gguf_context*)> meta(
        gguf_init_from_file(model, {.no_alloc = true, .ctx = nullptr}), gguf_free);
    const auto data_offset = static_cast<std::streamoff>(gguf_get_data_offset(meta.get()));
    const auto value = [&](const char* key) { return gguf_get_val_u32(meta.get(), gguf_find_key(meta.get(), key)); };
    for (const auto* key : {"llama.attention.head_count", "llama.attention.head_count_kv"}) {
        const std::vector<std::uint32_t> each(value("llama.block_count"), value(key));
        gguf_set_arr_data(meta.get(), key, GGUF_TYPE_UINT32, each.data(), each.size());
    }
    if (!gguf_write_to_file(meta.get(), out, true)) return 1;
    std::ifstream in(model, std::ios::binary);
    std::ofstream file(out, std::ios::binary | std::ios::app);
    file << in.seekg(data_offset).rdbuf();
    return file.flush() ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 4 && std::string(argv[1]) == "arrays") return write_with_arrays(argv[2], argv[3]);
    if (argc != 3) {
        std::fputs("usage: live_inflate MODEL.gguf INFLATED.gguf | arrays MODEL.gguf OUT.gguf\n", stderr);
        return 2;
    }
    const auto original = all_rows(argv[1]);
    const auto inflated = all_rows(argv[2]);
    const auto wrong = differing(original, inflated);
    if (!spoil(argv[2])) {
        std::fputs("FAILED: the last block's ffn_down is not zero\n", stderr);
        return 1;
    }
    const auto told = differing(original, all_rows(argv[2]));
    std::printf("rows=%zu differing=%zu differing_when_spoilt=%zu\n", original.size(), wrong, told);
    return original.size() > 300 && wrong == 0 && told > original.size() * 9 / 10 ? 0 : 1;
}
