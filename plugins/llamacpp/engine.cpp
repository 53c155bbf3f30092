// A GGUF model through libllama.
#include "engine.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include <ggml-backend.h>

#include "chat_template.hpp"
#include "embedding.hpp"
#include "expert_placement.hpp"
#include "identity.hpp"
#include "model_file.hpp"
#include "rpc_workers.hpp"

namespace llamacpp {
using tw::sdk::failure;

namespace {

constexpr std::int32_t batch_rows = 512;
// Of a model for embeddings whose table names no context: a pass computes all its tokens at once, which takes room.
constexpr std::int32_t embedding_tokens = 2048;

// The first device of this machine that is not the processor; null where there is none, or no layer may lie there.
ggml_backend_dev_t gpu(std::int32_t layers) {
    if (layers == 0) return nullptr;
    for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i)
        if (const auto device = ggml_backend_dev_get(i);
            ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_GPU ||
            ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_IGPU)
            return device;
    return nullptr;
}

// Where the weights of the output layer go against the order of the devices, for libllama: ends with an empty entry.
// Where the embedding is the output as well it has one name for both, and a GPU may not look up rows of its type; on a
// GPU, the last of the devices, its second use is already.
std::vector<llama_model_tensor_buft_override> output_layer_here(const tw::sdk::config& config, ggml_backend_dev_t own) {
    std::vector<llama_model_tensor_buft_override> out;
    if (output_stays_here(config)) {
        if (own == nullptr) out.push_back({"^token_embd\\.weight$", ggml_backend_cpu_buffer_type()});
        out.push_back({"^output", own == nullptr ? ggml_backend_cpu_buffer_type() : ggml_backend_dev_buffer_type(own)});
    }
    out.push_back({nullptr, nullptr});
    return out;
}

// Whether the cache is to be exact, not fast.
bool exact_cache(const tw::sdk::config& config) {
    const auto cache = config.text("cache", "exact");
    if (cache != "exact" && cache != "fast")
        throw failure(TW_INVALID_ARGUMENT, "cache is \"" + cache + "\"; it must be \"exact\" or \"fast\".");
    return cache == "exact";
}

// The template that takes the place of the model's own, or the name of a built-in one; empty = none does.
std::string read_template(const tw::sdk::config& config) {
    const auto path = config.text("chat_template", "");
    if (path.empty() || is_builtin_template(path)) return path;
    if (path.find('/') == std::string::npos)
        throw failure(TW_NOT_FOUND, "chat_template is \"" + path + "\", which is no file of the configuration's folder and no "
                                    "template that is built in. Built in are " + builtin_template_names() + ".");
    std::ifstream file(path, std::ios::binary);
    std::string out(std::istreambuf_iterator<char>(file), {});
    if (!file || out.empty())
        throw failure(TW_NOT_FOUND, "chat_template is " + path + ", which is no file with a template in it.");
    return out;
}

} // namespace

void engine::check(const tw::sdk::config& config) {
    check_model_file(config.text("model_path"));
    static_cast<void>(config.integer("slots", 4, 1, 64));
    static_cast<void>(exact_cache(config));
    static_cast<void>(read_template(config));
    if (pooling_of(config) != LLAMA_POOLING_TYPE_UNSPECIFIED && !config.boolean("embeddings", false))
        throw failure(TW_INVALID_ARGUMENT, "pooling is of embeddings; write embeddings = true beside it, or remove it.");
    if (const auto path = config.text("model_path"); pooling_of(config) == LLAMA_POOLING_TYPE_RANK && !can_rank(path))
        throw failure(TW_INVALID_ARGUMENT, "pooling is \"rank\", and the model file " + path + " holds no head that scores a "
                                           "document (cls.weight, cls.output.weight). Name a reranker's file, or remove pooling.");
    static_cast<void>(tensor_split_of(config.text("tensor_split", "")));
    if (!config.text("rpc", "").empty()) check_rpc_backend();
}

engine::engine(tw::sdk::host host, const tw::sdk::config& config, tw::sdk::progress progress) : host_(host), log_(host) {
    check(config);
    const auto gpu_layers = config.integer("gpu_layers", -1, -1, 10000);
    const bool pooled = !config.text("rpc", "").empty();
    const auto own_gpu = gpu(gpu_layers);
    const bool on_gpu = own_gpu != nullptr || (pooled && !config.boolean("rpc_on_cpu", false));
    template_ = read_template(config);
    const std::string own = own_gpu != nullptr ? ggml_backend_dev_description(own_gpu) : "CPU";
    device_ = own;
    if (pooled)
        device_ += " and the rpc-servers " + config.text("rpc_names", config.text("rpc")) + ", output layer on " +
                   (output_stays_here(config) ? own : "the last of them");
    embeds_ = config.boolean("embeddings", false);
    load(config, gpu_layers, progress);
    open_context(config, on_gpu);
    if (embeds_) check_pooling();
    read_vocabulary();
    truncates_ = !embeds_ && rolls_back();
}

void engine::load(const tw::sdk::config& config, std::int32_t gpu_layers, const tw::sdk::progress& progress) {
    const auto path = config.text("model_path");
    const error_log log;
    const auto pool = pool_devices(config, gpu(gpu_layers));
    auto devices = pool.devices;
    auto shares = tensor_split_of(config.text("tensor_split", ""));
    if (shares.empty()) shares = pool.shares;
    auto params = llama_model_default_params();
    params.n_gpu_layers = gpu_layers;
    if (!devices.empty()) {
        devices.push_back(nullptr);
        params.devices = devices.data();
        params.split_mode = LLAMA_SPLIT_MODE_LAYER;
    }
    std::array<float, 128> split{}; // llama.cpp reads as many as it could have devices
    std::copy(shares.begin(), shares.end(), split.begin());
    if (!shares.empty()) params.tensor_split = split.data();
    const auto experts = placed_experts_of(config, pool.servers);
    auto overrides = output_layer_here(config, gpu(gpu_layers));
    for (const auto& one : experts) overrides.insert(overrides.end() - 1, {one.pattern.c_str(), one.where});
    params.tensor_buft_overrides = overrides.data();
    auto asked = progress;
    params.progress_callback = [](float fraction, void* report) {
        return static_cast<tw::sdk::progress*>(report)->ask(fraction);
    };
    params.progress_callback_user_data = &asked;
    model_.reset(llama_model_load_from_file(path.c_str(), params));
    if (!model_) {
        progress.report(0); // throws when the host gave up
        throw failure(TW_UNSUPPORTED, "The engine cannot load " + path + log.because() +
                                          ". It is llama.cpp " + llama_version() + ".");
    }
    vocab_ = llama_model_get_vocab(model_.get());
    std::array<char, 256> text{};
    llama_model_desc(model_.get(), text.data(), text.size());
    description_ = text.data();
    identity_ = identity_of(path);
}

// The KV settings of cache = "exact" make a batched pass equal single steps bit for bit on the CPU (README.md):
// K = F16 with V = BF16 and flash attention leave neither the split-KV path of one row nor the tiled path
// of 64 rows eligible, and a stream per sequence keeps freed cells from being refilled in another order.
void engine::open_context(const tw::sdk::config& config, bool on_gpu) {
    const auto context = config.integer("context", 0, 0, 1 << 24);
    const auto slots = config.integer("slots", embeds_ ? 64 : 4, 1, 64);
    const auto gpu_layers = config.integer("gpu_layers", -1, -1, 10000);
    auto threads = config.integer("threads", 0, 0, 1024);
    const error_log log;
    auto params = llama_context_default_params();
    const auto trained = llama_model_n_ctx_train(model_.get());
    const auto unsaid = embeds_ ? std::min(trained, embedding_tokens) : trained;
    const auto each = context == 0 ? unsaid : std::min(context, trained);
    if (context > trained)
        host_.warn("event=context_lowered model=\"" + description_ + "\" asked=" + std::to_string(context) +
                   " trained_for=" + std::to_string(trained));
    if (threads == 0) threads = static_cast<std::int32_t>(std::max(1U, std::thread::hardware_concurrency()));
    params.n_ctx = static_cast<std::uint32_t>(each) * static_cast<std::uint32_t>(slots);
    params.n_seq_max = static_cast<std::uint32_t>(slots);
    params.n_batch = params.n_ubatch = batch_rows;
    params.n_threads = params.n_threads_batch = threads;
    const bool exact = exact_cache(config);
    // A GPU has kernels for some head sizes only: forced on, the attention of the others would go back to the processor.
    params.flash_attn_type = exact && !on_gpu ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_AUTO;
    params.type_k = GGML_TYPE_F16;
    params.type_v = exact && !on_gpu ? GGML_TYPE_BF16 : GGML_TYPE_F16; // few GPU kernels take BF16
    params.kv_unified = false;
    params.swa_full = true; // where a window slides all cells are kept, so that a sequence can be cut back
    params.no_perf = true;
    if (embeds_) prepare_for_embeddings(params, config, static_cast<std::uint32_t>(each));
    context_.reset(llama_init_from_model(model_.get(), params));
    if (!context_)
        throw failure(TW_UNAVAILABLE, "There is no room for " + std::to_string(slots) + " slots of " +
                                          std::to_string(each) + " tokens of " + description_ + log.because() +
                                          ". Lower slots or context.");
    // Layers on the processor compute there even beside a GPU; a model wholly on the GPU waits for nobody.
    const bool output_here = output_stays_here(config) && gpu(gpu_layers) == nullptr;
    const bool experts_here = config.integer("cpu_moe", 0, -1, 10000) != 0;
    if (!on_gpu || output_here || experts_here || (gpu_layers >= 0 && gpu_layers <= llama_model_n_layer(model_.get())))
        threads_ = thread_pool::share(threads);
    if (threads_) llama_attach_threadpool(context_.get(), threads_->get(), nullptr);
    n_ctx_ = std::min(each, static_cast<std::int32_t>(llama_n_ctx_seq(context_.get())));
    tokens_.resize(batch_rows);
    positions_.resize(batch_rows);
    seq_counts_.assign(batch_rows, 1);
    seqs_.resize(batch_rows);
    seq_pointers_.resize(batch_rows);
    for (std::size_t i = 0; i < batch_rows; ++i) seq_pointers_[i] = &seqs_[i];
    wanted_.resize(batch_rows);
}

// Whether a sequence can be cut back. A recurrent state cannot, a cache can; of the models whose window slides some keep
// more than cells (DeepSeek V4), so one of those is tried.
bool engine::rolls_back() {
    if (llama_model_is_recurrent(model_.get()) || llama_model_is_hybrid(model_.get())) return false;
    if (llama_model_n_swa(model_.get()) == 0) return true;
    const auto token = std::max(llama_vocab_bos(vocab_), 0);
    const std::array<tw_row, 2> rows{tw_row{0, 0, token, 0}, tw_row{0, 1, token, 0}};
    static_cast<void>(decode(rows));
    auto* cache = llama_get_memory(context_.get());
    const bool can = llama_memory_seq_rm(cache, 0, 1, -1);
    llama_memory_seq_rm(cache, 0, -1, -1);
    return can;
}

void engine::check_pooling() const {
    if (llama_pooling_type(context_.get()) == LLAMA_POOLING_TYPE_NONE)
        throw failure(TW_INVALID_ARGUMENT, "The model " + description_ + " does not say how its tokens' vectors become one. "
                                           "Write pooling = \"mean\", \"cls\" or \"last\", as it was trained, or \"rank\" of a reranker.");
}

bool engine::ranks() const { return embeds_ && llama_pooling_type(context_.get()) == LLAMA_POOLING_TYPE_RANK; }

void engine::read_vocabulary() {
    const auto n = llama_vocab_n_tokens(vocab_);
    vocabulary_.reserve(static_cast<std::size_t>(n));
    std::string buffer(64, '\0');
    for (llama_token id = 0; id < n; ++id) {
        auto size = llama_token_to_piece(vocab_, id, buffer.data(), static_cast<std::int32_t>(buffer.size()), 0, false);
        if (size < 0) {
            buffer.resize(static_cast<std::size_t>(-size));
            size = llama_token_to_piece(vocab_, id, buffer.data(), static_cast<std::int32_t>(buffer.size()), 0, false);
        }
        const auto attributes = static_cast<unsigned>(llama_vocab_get_attr(vocab_, id));
        std::uint32_t flags = 0;
        if (llama_vocab_is_control(vocab_, id)) {
            flags |= TW_TOKEN_CONTROL;
            if (const std::string text = llama_vocab_get_text(vocab_, id); text.size() > 1) control_texts_.push_back(text);
        }
        if (llama_vocab_is_eog(vocab_, id)) flags |= TW_TOKEN_EOG;
        if ((attributes & LLAMA_TOKEN_ATTR_BYTE) != 0) flags |= TW_TOKEN_BYTE;
        vocabulary_.push_back({buffer.substr(0, static_cast<std::size_t>(size)), flags});
    }
}

std::string_view engine::template_source() const {
    if (!template_.empty()) return template_;
    const auto* own = llama_model_chat_template(model_.get(), nullptr);
    return own == nullptr ? "" : own;
}

tw::sdk::engine_info engine::info() const {
    return {
        .n_vocab = llama_vocab_n_tokens(vocab_),
        .n_ctx = n_ctx_,
        .n_seq = static_cast<std::int32_t>(llama_n_seq_max(context_.get())),
        .n_batch = batch_rows,
        .bos = llama_vocab_bos(vocab_),
        .add_bos = llama_vocab_get_add_bos(vocab_),
        .truncates = truncates_,
        .weight_bytes = static_cast<std::int64_t>(llama_model_size(model_.get())),
        .model = description_,
        .device = device_,
        .build = engine_build(),
        .chat_template = template_source(),
        .identity = identity_,
    };
}

tw::sdk::token_info engine::token(std::int32_t id) const {
    const auto& entry = vocabulary_[static_cast<std::size_t>(id)];
    return {.flags = entry.flags,
            .attributes = static_cast<std::uint32_t>(llama_vocab_get_attr(vocab_, id)),
            .text = llama_vocab_get_text(vocab_, id),
            .piece = entry.piece};
}

std::vector<std::int32_t> engine::tokenize(std::string_view text, bool special, bool bos) const {
    std::vector<std::int32_t> out(text.size() + 2);
    const auto run = [&] {
        return llama_tokenize(vocab_, text.data(), static_cast<std::int32_t>(text.size()), out.data(),
                              static_cast<std::int32_t>(out.size()), bos, special);
    };
    auto n = run();
    if (n < 0) {
        out.resize(static_cast<std::size_t>(-static_cast<std::int64_t>(n)));
        n = run();
    }
    if (n < 0) throw failure(TW_INVALID_ARGUMENT, "The text is too long for the tokenizer.");
    out.resize(static_cast<std::size_t>(n));
    return out;
}

tw::sdk::logits engine::decode(std::span<const tw_row> rows) {
    if (rows.empty() || rows.size() > batch_rows)
        throw failure(TW_INVALID_ARGUMENT, "A decode takes 1 to " + std::to_string(batch_rows) + " rows, not " +
                                               std::to_string(rows.size()) + ".");
    if (embeds_) throw failure(TW_UNSUPPORTED, "The model " + description_ + " was loaded for embeddings and decodes nothing.");
    std::int32_t n_rows = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        tokens_[i] = rows[i].token;
        positions_[i] = rows[i].pos;
        seqs_[i] = rows[i].seq;
        wanted_[i] = rows[i].want_logits != 0;
        n_rows += wanted_[i];
    }
    const llama_batch batch{.n_tokens = static_cast<std::int32_t>(rows.size()),
                            .token = tokens_.data(),
                            .embd = nullptr,
                            .pos = positions_.data(),
                            .n_seq_id = seq_counts_.data(),
                            .seq_id = seq_pointers_.data(),
                            .logits = wanted_.data()};
    const error_log log;
    const thread_pool::turn turn(threads_.get());
    if (const auto code = llama_decode(context_.get(), batch); code != 0)
        throw failure(code == 1 ? TW_CONTEXT_OVERFLOW : TW_INTERNAL,
                      "The engine could not decode " + std::to_string(rows.size()) + " rows (llama_decode: " +
                          std::to_string(code) + ")" + log.because() + ".");
    return {.data = n_rows == 0 ? nullptr : llama_get_logits(context_.get()),
            .n_rows = n_rows,
            .n_vocab = llama_vocab_n_tokens(vocab_)};
}

void engine::truncate(std::int32_t seq, std::int32_t length) {
    if (!llama_memory_seq_rm(llama_get_memory(context_.get()), seq, length == 0 ? -1 : length, -1))
        throw failure(TW_UNSUPPORTED, "The model cannot roll sequence " + std::to_string(seq) + " back to " +
                                          std::to_string(length) + " tokens.");
}

} // namespace llamacpp
