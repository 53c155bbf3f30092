// A server elsewhere that drafts for many verifiers, of this process or of other machines.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/backend.hpp"
#include "speculation/draft_link.hpp"
#include "speculation/server_answer.hpp"

namespace tw {

// Each verifier is a guest with sequence numbers of its own. One thread speaks to the server, which may come and go: it is
// looked at when it comes, and drafts when its vocabulary is the target's. What fails there is drafter_away, never more;
// it is looked at again after a second, later after ten at most. Any thread.
class server_drafter {
  public:
    struct terms {
        std::int32_t n_vocab = 0;
        std::size_t context = 0; // tokens that it holds of a prompt and what follows; 0 = not known
    };
    // Whether it can draft now; may block, but not when it is to stop.
    using check_function = std::function<result<terms>(const std::stop_token&)>;
    using guest_id = std::uint64_t;
    // On the drafter's thread, never two calls at once; must not block. It may leave().
    using listener = std::function<void(drafter_event)>;

    // `name`: for the log. `known`: it has been looked at already. The last owner may be a listener that is being called.
    [[nodiscard]] static std::shared_ptr<server_drafter> make(std::string name, std::shared_ptr<backend> server,
                                                              check_function check, std::optional<terms> known = {});
    ~server_drafter(); // cancels what runs; nothing is heard afterwards
    server_drafter(const server_drafter&) = delete;
    server_drafter& operator=(const server_drafter&) = delete;

    // Hears drafter_back or drafter_away soon, as far as either is known, and at each change.
    [[nodiscard]] guest_id enter(listener tell);
    // Likewise from now on; the old listener is not called any more once this returns.
    void listen(guest_id guest, listener tell);
    // Closes what the guest had open. Its listener is not called any more once this returns.
    void leave(guest_id guest);
    // Never waits. Dropped while the server is away.
    void send(guest_id guest, drafter_message message);

    [[nodiscard]] std::size_t longest() const { return longest_; } // as draft_link::longest
    [[nodiscard]] terms known() const; // as it was last looked at

  private:
    using clock = std::chrono::steady_clock;
    using answer_key = std::pair<guest_id, sequence_id>;
    using request_number = std::uint64_t;

    struct visitor {
        std::shared_ptr<listener> hears;
        bool is_new = true; // it hears nothing before it hears whether the server is there
    };
    struct told { // by a guest
        guest_id guest;
        drafter_message message;
    };
    struct introduced { // a new listener
        guest_id guest;
    };
    struct left {
        guest_id guest;
    };
    struct came { // of a request
        request_number request;
        std::vector<tw_continued> tokens;
        clock::time_point at;
    };
    struct over {
        request_number request;
        std::optional<error> failure;
    };
    using event = std::variant<told, introduced, left, came, over>;
    struct event_box { // shared with requests, which may end after the drafter is gone
        std::mutex mutex;
        std::condition_variable_any arrived;
        std::vector<event> items;
        void put(event what);
    };
    struct running {
        request_number number;
        std::shared_ptr<backend_request> request;
        clock::time_point heard_at; // its last sign of life
    };
    struct drafted_answer {
        server_answer answer;
        std::optional<running> now;
    };

    server_drafter(std::string name, std::shared_ptr<backend> server, check_function check, std::optional<terms> known);
    void run(const std::stop_token& stop);
    void look(const std::stop_token& stop);
    [[nodiscard]] std::vector<event> next(const std::stop_token& stop, clock::time_point until);
    [[nodiscard]] clock::time_point next_silence() const;
    void handle(told& what);
    void handle(introduced& what);
    void handle(left& what);
    void handle(came& what);
    void handle(over& what);
    void steer(const answer_key& key, server_answer::replies& replies);
    [[nodiscard]] std::optional<error> begin(const answer_key& key, drafted_answer& of, server_answer::request what);
    void stop_request(drafted_answer& of);
    void drop(const answer_key& key);
    void gone(const std::string& why);
    void tell(guest_id guest, server_answer::replies& replies);
    void tell(guest_id guest, const drafter_event& what);
    void tell_all(const drafter_event& what);

    const std::string name_;
    const std::shared_ptr<backend> server_;
    const check_function check_;
    const std::shared_ptr<event_box> box_ = std::make_shared<event_box>();
    std::atomic<std::size_t> longest_{0};

    std::recursive_mutex telling_; // held while a listener is called; guards the listeners
    std::map<guest_id, visitor> guests_;
    guest_id last_guest_ = 0;

    mutable std::mutex terms_mutex_;
    terms terms_;

    // The thread's own.
    bool here_ = false;
    std::string why_;           // it is away; empty = not known yet, or here
    int failures_ = 0;          // one after the other, without a token between
    clock::time_point look_at_{};
    std::map<answer_key, drafted_answer> answers_;
    std::map<request_number, answer_key> requests_;
    request_number last_request_ = 0;

    std::jthread thread_; // last
};

} // namespace tw
