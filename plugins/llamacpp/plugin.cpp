// The llamacpp plugin: models in this process through libllama, and llama-servers that run elsewhere.
#include <tightwad/sdk/plugin.hpp>

#include "chat.hpp"
#include "chat_template.hpp"
#include "embedding.hpp"
#include "engine.hpp"
#include "grammar.hpp"
#include "ranking.hpp"
#include "server.hpp"

TIGHTWAD_PLUGIN("llamacpp", "0.1.0", "GGUF models in this process, through libllama; and running llama-servers",
                llamacpp::engine, llamacpp::grammar, llamacpp::chat, llamacpp::chat_template, llamacpp::embedding,
                llamacpp::ranking, llamacpp::server);
