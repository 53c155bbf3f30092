// GGUF headers: sound ones add up, others are one sentence.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "gguf_bytes.hpp"
#include "plan/gguf_types.hpp"
#include "plan/layer_split.hpp"
#include "support/scratch_folder.hpp"

using namespace tw;
using namespace tw::plan;
using tw::test::gguf_bytes;
using Catch::Matchers::ContainsSubstring;

namespace {

result<gguf_header> read(const std::string& bytes) {
    std::istringstream in(bytes);
    return read_gguf(in, bytes.size());
}

std::string refusal(const std::string& bytes) {
    const auto header = read(bytes);
    REQUIRE(header.has_error());
    return header.error().message;
}

gguf_bytes& base(gguf_bytes& out, std::uint32_t layers) {
    return out.word("general.architecture", "llama")
        .word("general.name", "Small")
        .u32("llama.block_count", layers)
        .u32("llama.context_length", 2048)
        .u32("llama.embedding_length", 64)
        .u32("llama.attention.head_count", 4)
        .u32("llama.attention.head_count_kv", 2)
        .words("tokenizer.ggml.tokens", {"a", "b", "c", "d"});
}

std::string dense() {
    gguf_bytes out;
    base(out, 2)
        .tensor("token_embd.weight", 0, {64, 4})
        .tensor("output_norm.weight", 0, {64})
        .tensor("output.weight", 8, {64, 4});
    for (const char* layer : {"blk.0.", "blk.1."})
        out.tensor(std::string(layer) + "attn_q.weight", 2, {64, 64})
            .tensor(std::string(layer) + "attn_norm.weight", 0, {64});
    return out.done();
}

std::string experts() {
    gguf_bytes out;
    base(out, 1).u32("llama.expert_count", 8).u32("llama.expert_used_count", 2);
    out.tensor("token_embd.weight", 0, {64, 4})
        .tensor("blk.0.ffn_gate_exps.weight", 39, {64, 32, 8})
        .tensor("blk.0.attn_q.weight", 1, {64, 64});
    return out.done();
}

} // namespace

TEST_CASE("the layers, the cache and what a token reads are summed up from a header") {
    const auto header = read(dense());
    REQUIRE(header.has_value());
    const auto model = shape_of({*header});
    REQUIRE(model.has_value());
    CHECK(model->name == "Small");
    CHECK(model->vocabulary == 4);
    CHECK(model->context == 2048);
    REQUIRE(model->layers.size() == 2);
    const std::uint64_t layer = 64 * 64 / 32 * 18 + 64 * 4;
    CHECK(model->layers[0].bytes == layer);
    CHECK(model->layers[0].cache_bytes_per_token == 2 * 2 * 16 * 2); // heads, keys and values, width of a head, bytes
    CHECK(model->cache_bytes(100) == 2 * 128 * 100);
    REQUIRE(model->attention);
    CHECK(model->attention->heads == 4);
    CHECK(model->attention->cached_heads == 2);
    CHECK(model->attention->head_width == 16);
    CHECK(model->embedding_bytes == 64 * 4 * 4);
    CHECK(model->output_bytes == 64 * 4 + 64 * 4 / 32 * 34);
    CHECK_FALSE(model->tied);
    CHECK(model->bytes_per_token() == 2 * layer + model->output_bytes + 64 * 4);
    CHECK(model->bytes_by_type.at("Q4_0") == 2 * (64 * 64 / 32 * 18));
}

TEST_CASE("of experts only those that are used are read for a token, and MXFP4 is known") {
    const auto model = shape_of({*read(experts())});
    REQUIRE(model.has_value());
    const std::uint64_t all = 64 * 32 * 8 / 32 * 17;
    CHECK(model->layers[0].expert_bytes == all);
    CHECK(model->layers[0].bytes == all + 64 * 64 * 2);
    CHECK(model->tied);
    CHECK(model->bytes_per_token() == all / 4 + 64 * 64 * 2 + model->embedding_bytes + model->embedding_bytes / 4);
}

TEST_CASE("a model whose layers have heads of their own, one with a compressed cache, one without attention") {
    gguf_bytes mixed;
    mixed.word("general.architecture", "x")
        .u32("x.block_count", 2)
        .u32("x.embedding_length", 64)
        .u32("x.attention.head_count", 4);
    mixed.u32s("x.attention.head_count_kv", {4, 0}).u32("x.attention.key_length", 8).u32("x.attention.value_length", 4);
    const auto first = shape_of({*read(mixed.done())});
    CHECK(first->layers[0].cache_bytes_per_token == 4 * 12 * 2);
    CHECK(first->layers[1].cache_bytes_per_token == 0);
    gguf_bytes compressed;
    compressed.word("general.architecture", "y")
        .u32("y.block_count", 1)
        .u32("y.attention.kv_lora_rank", 512)
        .u32("y.rope.dimension_count", 64);
    CHECK(shape_of({*read(compressed.done())})->cache_bytes(1) == 576 * 2);
    CHECK_FALSE(shape_of({*read(compressed.done())})->attention);
    gguf_bytes absurd; // heads that nobody computes with
    absurd.word("general.architecture", "z").u32("z.block_count", 1).u32("z.embedding_length", 64).u32("z.attention.head_count", 60000);
    CHECK_FALSE(shape_of({*read(absurd.done())})->attention);
    gguf_bytes state;
    state.word("general.architecture", "z").u32("z.block_count", 1).u32("z.ssm.state_size", 16);
    CHECK_FALSE(shape_of({*read(state.done())})->cache_bytes(1).has_value());
}

TEST_CASE("a damaged or foreign header is one sentence") {
    const auto whole = dense();
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_THAT(refusal(whole.substr(0, size)), ContainsSubstring("no sound GGUF file"));
    CHECK_THAT(refusal("GGML" + whole.substr(4)), ContainsSubstring("does not begin with the bytes GGUF"));
    CHECK_THAT(refusal(gguf_bytes().done(1)), ContainsSubstring("version is 1"));
    CHECK_THAT(refusal(gguf_bytes().done(0x03000000)), ContainsSubstring("big-endian"));
    CHECK_THAT(refusal("GGUF" + gguf_bytes::number(3U) + std::string(16, '\x7f')), ContainsSubstring("claims"));
    CHECK_THAT(refusal(gguf_bytes().pair("k", 77, "").done()), ContainsSubstring("unknown type 77"));
    CHECK_THAT(refusal(gguf_bytes().pair("k", 9, gguf_bytes::number(9U) + gguf_bytes::number(std::uint64_t{0})).done()),
               ContainsSubstring("entries of the unknown type 9"));
    CHECK_THAT(
        refusal(gguf_bytes().pair("k", 9, gguf_bytes::number(4U) + gguf_bytes::number(~std::uint64_t{0})).done()),
        ContainsSubstring("entries of a list"));
    CHECK_THAT(refusal(gguf_bytes().pair("k", 8, gguf_bytes::number(~std::uint64_t{0})).done()),
               ContainsSubstring("a text of"));
    CHECK_THAT(refusal(gguf_bytes().tensor("t", 2, {33}).done()), ContainsSubstring("rows of 33 elements"));
    CHECK_THAT(refusal(gguf_bytes().tensor("t", 4, {32}).done()), ContainsSubstring("has the type 4"));
    CHECK_THAT(refusal(gguf_bytes().tensor("t", 0, {1, 1, 1, 1, 1}).done()), ContainsSubstring("5 dimensions"));
    CHECK_THAT(refusal(gguf_bytes().tensor("t", 0, {~std::uint64_t{0}, 32}).done()),
               ContainsSubstring("impossible shape"));
    CHECK_THAT(refusal(gguf_bytes().u32("general.alignment", 3).done()), ContainsSubstring("alignment is 3"));
    CHECK_THAT(shape_of({*read(gguf_bytes().done())}).error().message, ContainsSubstring("no architecture"));
    gguf_bytes tower;
    tower.word("general.architecture", "x").u32("x.block_count", 5000);
    CHECK_THAT(shape_of({*read(tower.done())}).error().message, ContainsSubstring("5000 layers"));
}

TEST_CASE("the layers go where the running sum of the memories says, and what does not fit is said") {
    gguf_bytes out;
    base(out, 7).tensor("token_embd.weight", 0, {64, 4}).tensor("output.weight", 0, {64, 4});
    for (int i = 0; i < 7; ++i) out.tensor("blk." + std::to_string(i) + ".attn_q.weight", 0, {64, 64});
    const auto model = *shape_of({*read(out.done())});
    const auto shares = split_layers(model, {{"a", 100'000}, {"b", 50'000}, {"c", 50'000}}, 10);
    REQUIRE(shares.size() == 3);
    CHECK(shares[0].first == 0);
    CHECK(shares[0].count == 4);
    CHECK(shares[1].first == 4);
    CHECK(shares[1].count == 2);
    CHECK(shares[2].count == 1);
    CHECK_FALSE(shares[1].output);
    CHECK(shares[2].output);
    CHECK(shares[0].weight_bytes == 4 * 64 * 64 * 4);
    CHECK(shares[0].cache_bytes == 4 * 128 * 10);
    CHECK(shares[0].fits());
    const auto with = split_layers(model, {{"a", 100'000}, {"b", 100'000}}, 10, holder{"home", 900});
    REQUIRE(with.size() == 3);
    CHECK(with[1].count == 3);
    CHECK_FALSE(with[1].output);
    CHECK(with[1].weight_bytes == 3 * 64 * 64 * 4);
    CHECK(with[2].output);
    CHECK(with[2].weight_bytes == 64 * 4 * 4);
    CHECK_FALSE(with[2].fits());
    CHECK(split_layers(model, {{"a", 1000}}, 10)[0].fits() == false);
    CHECK(split_layers(model, {}, 10).empty());
    CHECK(split_layers(model, {{"a", 0}}, 10).empty());
}

TEST_CASE("a model in several files is found by any of them, and a missing part is named") {
    const tw::test::scratch_folder scratch;
    const auto& folder = scratch.path();
    const auto write = [&](const char* file, const std::string& bytes, std::size_t data) {
        std::ofstream(folder / file, std::ios::binary) << bytes << std::string(data, '\0');
    };
    gguf_bytes first, second;
    base(first, 1).tensor("token_embd.weight", 0, {64, 4});
    second.tensor("blk.0.attn_q.weight", 0, {64, 64});
    write("m-00001-of-00002.gguf", first.done(), 64 * 4 * 4 + 32);
    CHECK_THAT(inspect_model(folder / "m-00001-of-00002.gguf").error().message,
               ContainsSubstring("m-00002-of-00002.gguf is not there"));
    write("m-00002-of-00002.gguf", second.done(), 64 * 64 * 4 + 32);
    const auto model = inspect_model(folder / "m-00002-of-00002.gguf");
    REQUIRE(model.has_value());
    CHECK(model->files == 2);
    CHECK(model->layers[0].bytes == 64 * 64 * 4);
    write("m-00002-of-00002.gguf", second.done(), 10);
    CHECK_THAT(inspect_model(folder / "m-00001-of-00002.gguf").error().message, ContainsSubstring("cut short"));
    CHECK_THAT(inspect_model(folder / "none.gguf").error().message, ContainsSubstring("is not there"));
}
