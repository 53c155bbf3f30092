// A GGUF model through libllama: decodes rows of many sequences, hands out logits, cuts caches back.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ggml-cpu.h>
#include <llama.h>

#include <tightwad/sdk/engine.hpp>

#include "runtime.hpp"
#include "thread_pool.hpp"

namespace llamacpp {

class engine : public tw::sdk::engine {
  public:
    static constexpr std::array options{
        tw::sdk::required(tw::sdk::path_option("model_path", "The GGUF file to load.")),
        tw::sdk::integer_option("context", "Tokens one sequence can hold; 0 = as many as the model was trained for.",
                                "0", 0, 1 << 24),
        tw::sdk::integer_option("slots", "Sequences decoded at the same time, each with a context of its own.", "4", 1,
                                64),
        tw::sdk::boolean_option("embeddings", "The model makes embeddings or puts documents in order; slots = texts in one pass.",
                                "false"),
        tw::sdk::text_option("pooling", "Of embeddings: mean, cls or last; of a reranker: rank; empty = as the model file says.", ""),
        tw::sdk::integer_option("threads", "Processor threads; 0 = one per core.", "0", 0, 1024),
        tw::sdk::integer_option("gpu_layers", "Layers placed on the GPU; -1 = all of them.", "-1", -1, 10000),
        tw::sdk::integer_option("cpu_moe", "Layers, from the first, whose experts stay on the processor; -1 = all of them.",
                                "0", -1, 10000),
        tw::sdk::text_option("cache", "exact = on the CPU many rows give the bits of one; fast = as llama.cpp has it.",
                             "exact"),
        tw::sdk::name_or_path_option("chat_template", "In place of the model's own: a file with a Jinja template, or "
                                                      "the name of a built-in one, such as llama3 or chatml."),
        tw::sdk::text_option("rpc", "Filled in from a pool: addresses of rpc-servers, HOST:PORT with commas.", ""),
        tw::sdk::text_option("rpc_names", "Filled in from a pool: what those are called, with commas.", ""),
        tw::sdk::boolean_option("rpc_on_cpu", "Filled in from a pool: whether all of them compute on processors.",
                                "false"),
        tw::sdk::text_option("rpc_vram", "Filled in from a pool: bytes that each may use, with commas.", ""),
        tw::sdk::text_option("rpc_output", "Filled in from a pool: coordinator or last-worker holds the output layer.",
                             "coordinator"),
        tw::sdk::text_option("rpc_experts", "Filled in from a pool: layers whose experts each holds, with commas and \";\".",
                             ""),
        tw::sdk::text_option("tensor_split",
                             "Shares of the layers for the devices, such as \"3,1\"; empty = by free memory.", ""),
    };

    static void check(const tw::sdk::config& config);

    engine(tw::sdk::host host, const tw::sdk::config& config, tw::sdk::progress progress);

    [[nodiscard]] tw::sdk::engine_info info() const;
    [[nodiscard]] tw::sdk::token_info token(std::int32_t id) const;
    [[nodiscard]] std::vector<std::int32_t> tokenize(std::string_view text, bool special, bool bos) const;
    tw::sdk::logits decode(std::span<const tw_row> rows);
    void truncate(std::int32_t seq, std::int32_t length);

    // Any thread.
    [[nodiscard]] const llama_model* model() const { return model_.get(); }
    [[nodiscard]] const llama_vocab* vocab() const { return vocab_; }
    [[nodiscard]] bool embeds() const { return embeds_; } // it decodes nothing then
    [[nodiscard]] bool ranks() const; // it embeds nothing either then, and puts documents in order
    // How the control tokens are spelled, those of a single character left out.
    [[nodiscard]] const std::vector<std::string>& control_texts() const { return control_texts_; }
    // A template's source, or the name of a built-in one; empty = the model's own.
    [[nodiscard]] const std::string& template_override() const { return template_; }
    [[nodiscard]] std::string_view template_source() const;

    // Of the thread that computes.
    [[nodiscard]] llama_context* context() { return context_.get(); }
    [[nodiscard]] thread_pool* threads() { return threads_.get(); }

  private:
    void load(const tw::sdk::config& config, std::int32_t gpu_layers, const tw::sdk::progress& progress);
    void open_context(const tw::sdk::config& config, bool on_gpu);
    [[nodiscard]] bool rolls_back();
    void check_pooling() const;
    void read_vocabulary();

    struct deleter {
        void operator()(llama_model* model) const { llama_model_free(model); }
        void operator()(llama_context* context) const { llama_free(context); }
    };
    struct token_entry {
        std::string piece;
        std::uint32_t flags;
    };

    tw::sdk::host host_;
    log_sink log_;
    std::unique_ptr<llama_model, deleter> model_;
    std::shared_ptr<thread_pool> threads_; // outlives the context
    std::unique_ptr<llama_context, deleter> context_;
    const llama_vocab* vocab_ = nullptr;
    std::vector<token_entry> vocabulary_;
    std::vector<std::string> control_texts_;
    std::string description_, device_, identity_, template_;
    std::int32_t n_ctx_ = 0;
    bool embeds_ = false, truncates_ = false;

    // The columns of a batch, for n_batch rows.
    std::vector<llama_token> tokens_;
    std::vector<llama_pos> positions_;
    std::vector<std::int32_t> seq_counts_;
    std::vector<llama_seq_id> seqs_;
    std::vector<llama_seq_id*> seq_pointers_;
    std::vector<std::int8_t> wanted_;
};

} // namespace llamacpp
