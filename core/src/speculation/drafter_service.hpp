// One model that drafts for many verifiers, of this process or of other machines, on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "speculation/model_drafter.hpp"

namespace tw {

// Each verifier is a guest with sequence numbers of its own. Between two passes the model looks for newer
// orders, so a correction takes effect after one drafter step. There are as many sequences as the model has
// slots, over all guests; when none is free, the one that heard nothing for longest gives way if that is
// 10 s, else the answer is `lost`. Any thread, unless it says otherwise.
class drafter_service {
  public:
    using guest_id = std::uint64_t;
    // Takes the replies out of the list. On the service's thread, never two calls at once; must not block and
    // not call the service.
    using listener = std::function<void(std::vector<drafter_reply>&)>;

    // Takes a loaded engine.
    explicit drafter_service(std::unique_ptr<engine> model);
    ~drafter_service(); // waits for the pass under way; nothing is heard afterwards
    drafter_service(const drafter_service&) = delete;
    drafter_service& operator=(const drafter_service&) = delete;

    // A service whose model has failed tells a new guest so at once, on the caller's thread.
    [[nodiscard]] guest_id enter(listener tell);
    // Replies go to `tell` from now on; the old listener is not called any more once this returns.
    void listen(guest_id guest, listener tell);
    // Closes what the guest had open. Its listener is not called any more once this returns.
    void leave(guest_id guest);

    // Never waits. A guest that sends faster than the model follows loses its sequences.
    void send(guest_id guest, drafter_message message);

    [[nodiscard]] const engine& model() const { return drafter_.model(); }
    [[nodiscard]] std::size_t longest() const { return longest_; } // as draft_link::longest
    [[nodiscard]] std::size_t guests() const;
    [[nodiscard]] std::size_t sequences() const; // open, of all guests
    [[nodiscard]] std::string failure() const;   // why the model is of no more use; empty = it is

  private:
    using clock = std::chrono::steady_clock;

    struct visitor {
        std::shared_ptr<listener> tell;
        std::unordered_map<sequence_id, sequence_id> inner; // the guest's number -> the model's
        std::vector<drafter_reply> heard; // to be told at the next turn
        std::size_t waiting = 0;          // what its messages not yet applied weigh
    };
    struct owner { // of one of the model's sequences
        guest_id guest;
        sequence_id outer; // the guest's number
        clock::time_point used;
    };
    struct waiting {
        guest_id guest;
        std::size_t weight;
        drafter_message message; // with the model's number
    };

    void run();
    [[nodiscard]] bool next(std::vector<waiting>& messages);
    void hand_out(std::vector<drafter_reply>& replies);
    void tell_all(const std::string& why);
    void open(guest_id id, visitor& from, draft_open message);
    void release(sequence_id inner);
    [[nodiscard]] bool make_room();
    void push(guest_id id, visitor& from, drafter_message message, std::size_t weight);
    void forget_all(visitor& of);

    model_drafter drafter_;
    const std::size_t longest_, slots_;

    std::mutex telling_; // held while listeners are called; taken before mutex_
    mutable std::mutex mutex_; // guards what follows
    std::condition_variable wake_;
    std::unordered_map<guest_id, visitor> guests_;
    std::unordered_map<sequence_id, owner> owners_;
    std::vector<waiting> messages_;
    guest_id last_guest_ = 0;
    sequence_id last_sequence_ = 0;
    bool stopping_ = false, to_tell_ = false;
    std::string failure_;

    std::thread thread_;
};

} // namespace tw
