// How many tokens a second a model gives that lies on these machines. Formulas alone; what goes into them is measured.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "plan/layer_split.hpp"
#include "plan/machine.hpp"

namespace tw::plan {

// Bytes of a share's weights that a pass of so many rows reads. Of E experts a row uses U: where rows choose
// independently, n rows touch E (1 - (1 - U/E)^n) of them.
[[nodiscard]] double bytes_read(const model_shape& model, const share& part, std::uint32_t rows);

// Seconds of one pass of so many rows: the layers are computed one machine after the other, so it is the sum over those
// that hold something of
//   bytes read x seconds a byte + round trip + rows x bytes of a row / rate of the link, there and back.
// A row is `width` floats on its way to a machine and from it; from the one that computes the output it is a float for
// each entry of the vocabulary (llama.cpp's RPC backend fetches the hidden state of one server and sends it to the next,
// and the logits of the last). Experts that another machine holds are one more way there and back, for either of the two
// and for each layer. A pass has as many rows as the most demanding of these machines needs (machine::least_rows).
// `shares` and `machines` belong together one by one. None where a speed is not known.
[[nodiscard]] std::optional<double> pass_s(const model_shape& model, const std::vector<share>& shares,
                                           const std::vector<machine>& machines, std::uint32_t rows);

struct drafting {
    std::uint32_t length = 0; // 0 = drafting does not pay
    double tokens_s = 0;
};

// The length of drafts that gives most tokens a second where drafting and verifying take turns: a round of y drafts takes
// y x `token_s` + pass(y + 1), for each y up to `longest`. `pass`: seconds by rows.
[[nodiscard]] drafting best_drafting(const std::function<double(std::uint32_t)>& pass, double token_s, double acceptance,
                                     std::uint32_t longest);

} // namespace tw::plan
