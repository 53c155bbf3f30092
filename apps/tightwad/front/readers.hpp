// One reader per API: the fields of its requests, model and body's shape already read.
#pragma once

#include "front/api_request.hpp"
#include "front/fields.hpp"

namespace tw::front {

void read_openai(fields& in, api_request& out, request_limits limits);    // chat, completions
void read_responses(fields& in, api_request& out, request_limits limits); // OpenAI's responses
void read_anthropic(fields& in, api_request& out, request_limits limits); // messages
void read_ollama(fields& in, api_request& out, request_limits limits);    // chat, generate

} // namespace tw::front
