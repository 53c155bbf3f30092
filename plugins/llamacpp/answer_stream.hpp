// A llama-server's answers: as OpenAI has them, and as /infill does.
#pragma once

#include <tightwad/sdk/openai_stream.hpp>

namespace llamacpp {

class answer_stream final : public tw::sdk::openai_stream {
  private:
    // {"content": "…", "stop": false} …, and at last {"stop": true, "stop_type": "limit", "tokens_evaluated", "tokens_predicted"}
    void other(const tw::sdk::json::value& event, tw::sdk::answer& out) override;
};

} // namespace llamacpp
