// The toy model behind its own chat template.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include <catch2/catch_test_macros.hpp>

#include "bridge/chat_template.hpp"
#include "pipeline/engine_pipeline.hpp"
#include "support/toy_engine.hpp"
#include "unit/scheduler/harness.hpp"

namespace tw::test {

inline std::shared_ptr<engine_pipeline> toy_chats() {
    engine_pipeline_parts parts;
    parts.name = "chat";
    parts.serves = {"toy"};
    parts.target = toy_model();
    auto chats = chat_template::create(toy::chat_api(), "toy",
                                       std::make_unique<plugin_host>("toy", std::map<std::string, secret_ref>{}), "toy");
    REQUIRE(chats.has_value());
    parts.chat = std::move(*chats);
    return std::make_shared<engine_pipeline>(std::move(parts));
}

} // namespace tw::test
