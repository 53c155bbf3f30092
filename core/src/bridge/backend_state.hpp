// What a backend's requests and questions share: the plugin's instance, and what it still may touch.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <unordered_set>

#include "bridge/backend.hpp"

namespace tw {

struct backend::state {
    const tw_backend_v1* api = nullptr;
    const tw_question_v1* questions = nullptr;
    const tw_pass_v1* passing = nullptr;
    const tw_continuation_v1* continuations = nullptr;
    std::string plugin_id;
    std::string config_json;
    std::unique_ptr<plugin_host> host;
    tw_backend* self = nullptr;

    std::mutex lock;
    std::condition_variable idle;
    std::unordered_set<std::shared_ptr<backend_request>> running;
    std::deque<std::shared_ptr<backend_request>> quarantine;

    void retire(const backend_request* ended);
};

} // namespace tw
