// What a request says about the form of its answer: JSON, a schema's JSON, or a grammar.
#pragma once

#include "front/api_request.hpp"
#include "front/fields.hpp"

namespace tw::front {

/// OpenAI's `response_format`, and llama.cpp's `grammar` and `json_schema`.
void read_response_format(fields& in, api_request& out);
/// `text.format` of OpenAI's responses.
void read_text_format(fields& in, api_request& out);
/// `output_config.format` of Anthropic's messages.
void read_output_format(fields& in, api_request& out);
/// Ollama's `format`: "json" or a schema.
void read_ollama_format(fields& in, api_request& out);

/// The grammar that `out.form` stands for, with the schema's members in the order that the client wrote them: answers
/// have it too.
void resolve_form(std::string_view body, api_request& out);

} // namespace tw::front
