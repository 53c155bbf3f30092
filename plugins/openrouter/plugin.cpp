// The openrouter plugin: models in a cloud with an OpenAI-compatible API.
#include <tightwad/sdk/plugin.hpp>

#include "openrouter.hpp"

TIGHTWAD_PLUGIN("openrouter", "0.1.0", "Models of OpenRouter, or of another cloud with an OpenAI-compatible API",
                openrouter::cloud);
