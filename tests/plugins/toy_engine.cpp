// A sound engine of eight tokens, written with the SDK: its logits count what the sequence holds.
#include <array>
#include <string>

#include <tightwad/sdk/engine.hpp>

namespace {

constexpr std::int32_t n_vocab = 8, n_ctx = 64, n_seq = 2, n_batch = 16;

class toy_engine : public tw::sdk::engine {
  public:
    static constexpr std::array options{
        tw::sdk::required(tw::sdk::text_option("name", "What the model is called.")),
        tw::sdk::integer_option("bias", "Added to every logit.", "0", 0, 9)};

    static void check(const tw::sdk::config& table) { static_cast<void>(table.text("name")); }

    toy_engine(tw::sdk::host, const tw::sdk::config& table, tw::sdk::progress progress)
        : name_(table.text("name")), bias_(table.integer("bias", 0, 0, 9)) {
        progress.report(1);
    }

    [[nodiscard]] tw::sdk::engine_info info() const {
        return {.n_vocab = n_vocab,
                .n_ctx = n_ctx,
                .n_seq = n_seq,
                .n_batch = n_batch,
                .bos = 1,
                .add_bos = true,
                .weight_bytes = 8,
                .model = name_,
                .device = "CPU",
                .build = "toy 1",
                .identity = "toy without weights"};
    }
    [[nodiscard]] tw::sdk::token_info token(std::int32_t id) const {
        if (id == 1) return {.flags = TW_TOKEN_CONTROL, .text = "<s>"};
        if (id == 2) return {.flags = TW_TOKEN_CONTROL | TW_TOKEN_EOG, .text = "</s>"};
        const auto letter = std::string_view("abcdefgh").substr(static_cast<std::size_t>(id), 1);
        return {.text = letter, .piece = letter};
    }
    [[nodiscard]] std::vector<std::int32_t> tokenize(std::string_view text, bool, bool bos) const {
        std::vector<std::int32_t> ids;
        if (bos) ids.push_back(1);
        for (const char c : text)
            ids.push_back(3 + static_cast<unsigned char>(c) % 5);
        return ids;
    }
    tw::sdk::logits decode(std::span<const tw_row> rows) {
        std::int32_t wanted = 0;
        for (const auto& row : rows) {
            auto& held = held_[static_cast<std::size_t>(row.seq)];
            if (row.pos != held.length)
                throw tw::sdk::failure{TW_INVALID_ARGUMENT, "A row is out of place."};
            held.counts[static_cast<std::size_t>(row.token)] += 1;
            ++held.length;
            if (row.want_logits == 0) continue;
            for (std::size_t x = 0; x < n_vocab; ++x)
                logits_[static_cast<std::size_t>(wanted) * n_vocab + x] =
                    held.counts[x] + static_cast<float>(bias_);
            ++wanted;
        }
        return {logits_.data(), wanted, n_vocab};
    }
    void truncate(std::int32_t seq, std::int32_t length) {
        if (length != 0)
            throw tw::sdk::failure{TW_UNSUPPORTED, "This engine can only forget everything."};
        held_[static_cast<std::size_t>(seq)] = {};
    }

  private:
    struct sequence {
        std::array<float, n_vocab> counts{};
        std::int32_t length = 0;
    };
    std::string name_;
    std::int32_t bias_;
    std::array<sequence, n_seq> held_{};
    std::array<float, static_cast<std::size_t>(n_batch) * n_vocab> logits_{};
};

} // namespace

TIGHTWAD_PLUGIN("toy_engine", "0.1.0", "Counts tokens; for tests.", toy_engine);
