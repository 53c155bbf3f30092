// The llamacpp plugin: models in this process through libllama.
#include <tightwad/sdk/plugin.hpp>

#include "chat_template.hpp"
#include "engine.hpp"

TIGHTWAD_PLUGIN("llamacpp", "0.1.0", "GGUF models in this process, through libllama",
                llamacpp::engine, llamacpp::chat_template);
