// Hosts, links and toy pipelines on loopback.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "peer/describe.hpp"
#include "peer/local_drafter.hpp"
#include "peer/peer_host.hpp"
#include "peer/peer_links.hpp"
#include "peer/relayed_drafter.hpp"
#include "peer/remote_drafter.hpp"
#include "peer/remote_pipeline.hpp"
#include "support/relay.hpp"
#include "unit/scheduler/harness.hpp"

namespace tw::test {

using namespace tw::peer;
using namespace std::chrono_literals;

// Made before there are threads, as the program does: the sanitizer does not see into the library that makes it.
inline const auto logger = spdlog::default_logger();

inline bool comes_true(const std::function<bool()>& condition, std::chrono::seconds most = 20s) {
    const auto until = std::chrono::steady_clock::now() + most;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

inline wire::hello hello_of(std::string machine) {
    static std::atomic<std::uint64_t> session{1000};
    return {.protocol = wire::our_protocol, .tightwad = "0.1.0", .machine = std::move(machine),
            .sampler = sampler_revision, .session = ++session, .engines = {}};
}

inline speculator_options streaming(std::size_t most = 8) {
    return {.most = most, .always = false, .mode = speculator_options::way::streaming};
}

// A pipeline over toy engines. A drafter that joins gets a target of its own, which answers from then on.
class toy_pipeline final : public pipeline {
  public:
    explicit toy_pipeline(std::string options = "{}") : options_(std::move(options)), plain_(make(nullptr)) {}

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return serves_; }
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override {
        token_ids prompt;
        if (const auto* ids = std::get_if<token_ids>(&request.input)) prompt = *ids;
        else if (const auto* text = std::get_if<std::string>(&request.input))
            prompt = plain_->target().tokenize(*text, true, true).value();
        else
            for (const auto& each : std::get<std::vector<chat_message>>(request.input))
                for (const auto id : plain_->target().tokenize(each.role + ' ' + each.content, true, true).value())
                    prompt.push_back(id);
        return current()->submit({.prompt = std::move(prompt), .prediction = {}, .sampling = request.sampling,
                                  .max_tokens = request.max_tokens.value_or(60), .stop = request.stop,
                                  .speculate = request.speculate, .logits_digest = request.logits_digest,
                                  .record_rounds = request.record_rounds},
                                 std::move(sink));
    }
    [[nodiscard]] nlohmann::json status() const override { return {{"toy", true}}; }

    std::size_t join(drafter_offer offer) {
        std::vector<drafter_offer> offers;
        offers.push_back(std::move(offer));
        auto made = make(std::make_unique<speculator>(std::move(offers), streaming()));
        const std::lock_guard lock(mutex_);
        joined_[++last_] = std::move(made);
        return last_;
    }
    void leave(std::size_t ticket) {
        std::shared_ptr<scheduler> left;
        const std::lock_guard lock(mutex_);
        left = joined_.extract(ticket).mapped();
    }
    [[nodiscard]] std::size_t drafters() const {
        const std::lock_guard lock(mutex_);
        return joined_.size();
    }
    [[nodiscard]] std::size_t active() const {
        std::size_t out = 0;
        const std::lock_guard lock(mutex_);
        const auto count = [&](const scheduler& each) {
            const auto state = each.state();
            out += static_cast<std::size_t>(state.active + state.queued);
        };
        count(*plain_);
        for (const auto& [ticket, each] : joined_) count(*each);
        return out;
    }
    [[nodiscard]] wire::served_engine engine(const std::string& as) const { return describe(plain_->target(), as); }

  private:
    [[nodiscard]] std::shared_ptr<scheduler> make(std::unique_ptr<draft_planner> planner) const {
        return std::make_shared<scheduler>(toy_model(options_), std::move(planner), scheduler_options{});
    }
    [[nodiscard]] std::shared_ptr<scheduler> current() const {
        const std::lock_guard lock(mutex_);
        return joined_.empty() ? plain_ : joined_.rbegin()->second;
    }

    const std::string options_, name_ = "toy";
    const std::vector<std::string> serves_{"toy"};
    const std::shared_ptr<scheduler> plain_;
    mutable std::mutex mutex_;
    std::map<std::size_t, std::shared_ptr<scheduler>> joined_;
    std::size_t last_ = 0;
};

// A machine that serves: token "secret", a free port.
struct machine {
    explicit machine(std::string name, std::uint16_t port = 0) : machine(hello_of(std::move(name)), port) {}
    explicit machine(wire::hello mine, std::uint16_t port = 0, std::chrono::milliseconds keep = 30s,
                     std::chrono::milliseconds ping = 500ms, bool public_only = false) {
        peer_host_options options;
        options.listen.port = port;
        options.listen.token = "secret";
        options.listen.limits = limits_for_frames();
        options.listen.limits.ping_interval = ping;
        options.mine = std::move(mine);
        options.keep = keep;
        options.public_only = public_only;
        auto opened = peer_host::open(std::move(options));
        REQUIRE(opened.has_value());
        host = std::move(*opened);
    }

    std::shared_ptr<drafter_service> serve_drafter(const std::string& options = R"({"disturb":0.1})",
                                                   const std::string& name = "small") {
        auto service = std::make_shared<drafter_service>(toy_model(options));
        auto engine = describe(service->model(), name);
        engine.drafter = true;
        host->serve(std::make_shared<local_drafter>(std::move(engine), service));
        return service;
    }
    std::shared_ptr<toy_pipeline> serve_target(const std::string& options = "{}", const std::string& name = "big") {
        auto made = std::make_shared<toy_pipeline>(options);
        host->serve({made->engine(name), made, [made](drafter_offer offer) { return made->join(std::move(offer)); },
                     [made](std::size_t ticket) { made->leave(ticket); }});
        return made;
    }
    [[nodiscard]] std::uint16_t port() const { return host->port(); }

    std::unique_ptr<peer_host> host;
};

inline net::connection_options to(std::uint16_t port, std::string token = "secret") {
    net::connection_options out;
    out.peer = {.host = "127.0.0.1", .port = port, .tls = false};
    out.token = std::move(token);
    out.limits = limits_for_frames();
    out.limits.ping_interval = 500ms;
    out.longest_retry = 200ms;
    return out;
}

inline std::shared_ptr<peer_link> link_to(std::uint16_t port, wire::hello mine = hello_of("caller")) {
    auto made = peer_link::open(to(port), std::move(mine));
    REQUIRE(made.has_value());
    return std::move(*made);
}

inline std::shared_ptr<remote_pipeline> pipeline_at(const std::shared_ptr<peer_link>& peer,
                                                    std::vector<wire::draft_way> drafts = {}) {
    auto made = std::make_shared<remote_pipeline>(remote_pipeline_parts{"chat", {"m"}, peer, "big", std::move(drafts)});
    REQUIRE(comes_true([&] { return made->is_up(); }));
    return made;
}

// A speculator's offer of a drafter behind a link.
inline drafter_offer over(std::shared_ptr<peer_link> peer, wire::served_engine target, std::string name = "small") {
    return {name, [peer = std::move(peer), target = std::move(target), name](draft_inbox& inbox, std::size_t index) {
                return std::make_unique<remote_drafter>(peer_link::channels(peer), name, target, inbox, index);
            }};
}

inline generation_request request(std::uint64_t seed, std::int32_t max_tokens = 60) {
    generation_request out;
    out.input = token_ids{0, 2 + static_cast<std::int32_t>(seed % 26), 3, 4};
    out.sampling.seed = seed;
    out.sampling.temperature = seed % 2 == 0 ? 0.0F : 1.0F;
    out.max_tokens = max_tokens;
    return out;
}

inline std::shared_ptr<collected> begin(pipeline& at, generation_request what) {
    auto sink = std::make_shared<collected>();
    REQUIRE(at.start(std::move(what), sink).has_value());
    return sink;
}

inline answer end_of(collected& sink) {
    REQUIRE(sink.result.wait_for(40s) == std::future_status::ready);
    auto outcome = sink.result.get();
    return {sink.all, std::move(outcome)};
}

inline answer run(pipeline& at, generation_request what) { return end_of(*begin(at, std::move(what))); }

} // namespace tw::test
