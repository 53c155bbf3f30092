// The llama2.c file: header, plausibility, size, weights.
#include "llama2c_file.hpp"

#include <fstream>
#include <stdexcept>
#include <string>

namespace tw::make_model {
namespace {

bool plausible(const llama2c_shape& shape) {
    const auto within = [](std::int32_t value, std::int32_t most) {
        return value > 0 && value <= most;
    };
    return within(shape.width, 8192) && within(shape.ffn_width, 65536) &&
           within(shape.layers, 256) && within(shape.heads, 256) &&
           within(shape.kv_heads, shape.heads) && within(shape.vocabulary, 1 << 20) &&
           within(shape.context, 1 << 20) && shape.width % shape.heads == 0 &&
           shape.heads % shape.kv_heads == 0;
}

// Every weight plus the rotary tables that close the file, which llama.cpp computes itself.
std::size_t weight_count(const llama2c_shape& shape) {
    const auto size = [](std::int32_t value) { return static_cast<std::size_t>(value); };
    const std::size_t width = size(shape.width);
    const std::size_t kv_width = width / size(shape.heads) * size(shape.kv_heads);
    const std::size_t layer =
        2 * width + 2 * width * width + 2 * width * kv_width + 3 * width * size(shape.ffn_width);
    return size(shape.vocabulary) * width + size(shape.layers) * layer + width +
           size(shape.context) * (width / size(shape.heads));
}

} // namespace

llama2c_file::llama2c_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file.read(reinterpret_cast<char*>(&shape_), sizeof shape_)) {
        throw std::runtime_error(path.string() + " is missing or too short for a llama2.c header");
    }
    if (!plausible(shape_)) {
        throw std::runtime_error(path.string() +
                                 " is no llama2.c model with an output tied to its embedding");
    }
    weights_.resize(weight_count(shape_));
    const auto expected = sizeof shape_ + weights_.size() * sizeof(float);
    const auto actual = std::filesystem::file_size(path);
    if (actual != expected) {
        throw std::runtime_error(path.string() + " has " + std::to_string(actual) +
                                 " bytes where its header asks for " + std::to_string(expected));
    }
    file.read(reinterpret_cast<char*>(weights_.data()),
              static_cast<std::streamsize>(weights_.size() * sizeof(float)));
    if (!file) {
        throw std::runtime_error(path.string() + " cannot be read to its end");
    }
}

std::span<const float> llama2c_file::take(std::size_t count) {
    if (count > weights_.size() - taken_) {
        throw std::logic_error("more weights asked for than the llama2.c file holds");
    }
    const auto part = std::span<const float>(weights_).subspan(taken_, count);
    taken_ += count;
    return part;
}

} // namespace tw::make_model
