// A channel on which another host asks a pipeline of this one.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "peer/drafter_route.hpp"
#include "peer/host_state.hpp"
#include "peer/running_answers.hpp"

namespace tw::peer {

class target_channel final : public channel_end, public std::enable_shared_from_this<target_channel> {
  public:
    // `back`: channels to the asking side, for its drafters.
    target_channel(const std::shared_ptr<frame_link>& link, std::uint32_t number, std::shared_ptr<served_target> target,
                   std::shared_ptr<channel_book> back, std::shared_ptr<host_state> host);

    // Once, when the link knows the channel.
    void begin(std::vector<wire::draft_way> drafts);
    void tick(); // on the housekeeping thread

    [[nodiscard]] result<void> received(wire::message body) override;
    void closed(const std::string& why) override;
    void lost(const std::string& why) override { closed(why); }

  private:
    [[nodiscard]] result<void> admit(wire::request_id request, errands& where, std::function<void()> job);
    void start(wire::submit what);
    void ask(wire::ask what);
    void say_status();

    const std::shared_ptr<served_target> target_;
    const std::shared_ptr<channel_book> back_;
    const std::shared_ptr<host_state> host_;
    const std::shared_ptr<running_answers> answers_;
    std::atomic<bool> asked_{false}; // for the status, and not answered yet
    std::vector<std::unique_ptr<drafter_route>> routes_; // on the housekeeping thread only
};

} // namespace tw::peer
