// A seat here is a guest there.
#include "peer/lent_server.hpp"

#include <utility>
#include <variant>

namespace tw::peer {
namespace {

wire::served_engine describe(const std::string& name, const server_drafter& drafter, std::string vocabulary) {
    wire::served_engine out;
    out.name = name;
    out.drafter = true;
    out.vocabulary = std::move(vocabulary);
    out.n_vocab = drafter.known().n_vocab;
    out.n_ctx = static_cast<std::int32_t>(2 * drafter.longest());
    return out;
}

} // namespace

class lent_server::seat final : public drafter_seat {
  public:
    seat(std::shared_ptr<server_drafter> drafter, std::function<wire::served_engine()> engine)
        : drafter_(std::move(drafter)), engine_(std::move(engine)), guest_(drafter_->enter([](const drafter_event&) {})) {}
    ~seat() override { drafter_->leave(guest_); }

    void listen(seat_events events) override {
        if (!events.opened) return drafter_->listen(guest_, [](const drafter_event&) {});
        drafter_->listen(guest_, [events = std::move(events), engine = engine_, opened = false](drafter_event what) mutable {
            if (const auto* away = std::get_if<drafter_away>(&what)) {
                const auto tell = events.away; // this seat may be gone afterwards
                opened = false;
                return tell(away->why);
            }
            if (std::holds_alternative<drafter_back>(what)) {
                if (!std::exchange(opened, true)) events.opened({engine(), 0});
                return;
            }
            std::visit(
                [&](auto& said) {
                    if constexpr (requires { drafter_reply(std::move(said)); }) events.reply(std::move(said));
                },
                what);
        });
    }
    void send(drafter_message message) override { drafter_->send(guest_, std::move(message)); }

  private:
    const std::shared_ptr<server_drafter> drafter_;
    const std::function<wire::served_engine()> engine_;
    const server_drafter::guest_id guest_;
};

wire::served_engine lent_server::engine() const { return describe(name_, *drafter_, vocabulary_()); }

std::unique_ptr<drafter_seat> lent_server::sit() {
    return std::make_unique<seat>(drafter_, [name = name_, drafter = drafter_, vocabulary = vocabulary_] {
        return describe(name, *drafter, vocabulary());
    });
}

} // namespace tw::peer
