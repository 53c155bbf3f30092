// The box for the reply outlives whoever waits.
#include "bridge/wait_for_reply.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace tw {
namespace {

struct reply_box {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::optional<result<std::string>> reply;
};

} // namespace

result<std::string> ask_and_wait(backend& server, std::string what, std::string question_json,
                                 std::chrono::milliseconds within, const std::stop_token& stop) {
    const auto box = std::make_shared<reply_box>();
    const auto begun = server.ask(std::move(what), std::move(question_json), [box](result<std::string> reply) {
        const std::lock_guard lock(box->mutex);
        box->reply = std::move(reply);
        box->changed.notify_all();
    });
    if (!begun) return begun.error();
    std::unique_lock lock(box->mutex);
    box->changed.wait_for(lock, stop, within, [&] { return box->reply.has_value(); });
    if (box->reply) return std::move(*box->reply);
    (*begun)->cancel();
    if (stop.stop_requested()) return fail(code::cancelled, "The question was not answered.");
    return fail(code::timed_out, "The server did not answer within " + std::to_string(within.count()) + " ms.");
}

} // namespace tw
