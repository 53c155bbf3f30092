// What a backend's requests and questions share: the plugin's instance, and what it still may touch.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <unordered_set>

#include "bridge/backend.hpp"
#include "bridge/call.hpp"

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

    // Keeps the request and calls the plugin's `start`, which is told where to write its error. After a refusal nothing
    // reaches the host any more: close() says whether it had not ended before.
    template <class Request, class Start>
    [[nodiscard]] result<std::shared_ptr<backend_request>> begin(std::shared_ptr<Request> begun, Start start) {
        {
            const std::lock_guard guard(lock);
            running.insert(begun);
        }
        const auto accepted = checked(plugin_id, "start", start);
        if (accepted || !begun->close()) return std::shared_ptr<backend_request>(std::move(begun));
        retire(begun.get());
        return accepted.error();
    }
};

} // namespace tw
