// Seats at a service of this process.
#include "peer/local_drafter.hpp"

#include <utility>

#include "peer/describe.hpp"

namespace tw::peer {
namespace {

void ignore(std::vector<drafter_reply>& replies) { replies.clear(); }

class local_seat final : public drafter_seat {
  public:
    local_seat(wire::served_engine engine, std::shared_ptr<drafter_service> service)
        : engine_(std::move(engine)), service_(std::move(service)), guest_(service_->enter(ignore)) {}
    ~local_seat() override { service_->leave(guest_); }

    void listen(seat_events events) override {
        if (!events.opened) return service_->listen(guest_, ignore);
        events.opened({engine_, 0});
        service_->listen(guest_, [reply = events.reply](std::vector<drafter_reply>& replies) {
            for (auto& each : replies) reply(std::move(each));
        });
        if (const auto failed = service_->failure(); !failed.empty()) events.reply(drafter_failed{failed});
    }
    void send(drafter_message message) override { service_->send(guest_, std::move(message)); }

  private:
    const wire::served_engine engine_;
    const std::shared_ptr<drafter_service> service_;
    const drafter_service::guest_id guest_;
};

} // namespace

std::shared_ptr<local_drafter> local_drafter::of(std::unique_ptr<tw::engine> model, std::string name) {
    auto what = describe(*model, std::move(name));
    what.drafter = true;
    return std::make_shared<local_drafter>(std::move(what), std::make_shared<drafter_service>(std::move(model)));
}

std::unique_ptr<drafter_seat> local_drafter::sit() { return std::make_unique<local_seat>(engine_, service_); }

} // namespace tw::peer
