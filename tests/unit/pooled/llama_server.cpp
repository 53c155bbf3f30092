// What a llama-server is told of a backend and its pool.
#include "pooled/llama_server.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace tw::pooled;

namespace {

std::string line_of(const std::string& options, const tw::pool_config& pool = {}) {
    const auto words = llama_server_arguments(options, pool, 8123);
    if (!words) return words.error().message;
    std::string out;
    for (const auto& each : *words) out += (out.empty() ? "" : " ") + each;
    return out;
}

bool says(const std::string& line, const std::string& words) { return (line + ' ').find(words + ' ') != std::string::npos; }

} // namespace

TEST_CASE("a llama-server is told what the backend says, and its own arguments last") {
    tw::pool_config pool;
    pool.server_args = {"--gpu-layers", "7"};
    const auto line = line_of(R"({"model_path":"/m.gguf","context":512,"slots":2,"threads":3,"tensor_split":"3,1","rpc":"127.0.0.1:1,127.0.0.1:2",
        "rpc_names":"a,b","rpc_on_cpu":true,"rpc_output":"coordinator","cache":"exact","cpu_moe":-1,"chat_template":"/t.jinja"})", pool);
    for (const auto* each : {"--host 127.0.0.1", "--port 8123", "--model /m.gguf", "--ctx-size 1024", "--parallel 2", "--threads 3",
                             "--tensor-split 3,1", "--rpc 127.0.0.1:1,127.0.0.1:2", "--cpu-moe", "--chat-template-file /t.jinja",
                             "--gpu-layers 999"})
        CHECK(says(line, each));
    CHECK(line.ends_with("--gpu-layers 7"));
    CHECK(says(line_of(R"({"model_path":"/m.gguf","chat_template":"llama3"})", pool), "--no-jinja --chat-template llama3"));
}

TEST_CASE("what is not said is the server's own, but for the slots") {
    CHECK(line_of(R"({"model_path":"/m.gguf","context":0,"gpu_layers":5,"cpu_moe":12})") ==
          "--host 127.0.0.1 --port 8123 --model /m.gguf --parallel 4 --gpu-layers 5 --n-cpu-moe 12");
}

TEST_CASE("an option that a llama-server is not told is refused by name") {
    tw::pool_config pool;
    pool.name = "den";
    CHECK(line_of(R"({"model_path":"/m.gguf","embeddings":true})", pool) ==
          "\"embeddings\" is not passed on to the llama-server of [pool.den]; write what it means there into server_args.");
}
