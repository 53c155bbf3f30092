// The ollama plugin: models that an Ollama serves.
#include <tightwad/sdk/plugin.hpp>

#include "ollama.hpp"

TIGHTWAD_PLUGIN("ollama", "0.1.0", "Models that a running Ollama serves", ollama::server);
