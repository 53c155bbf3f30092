// Reads a model file of the llama2.c project (legacy format: seven integers, then F32 weights).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace tw::make_model {

/// The file's header, in the file's order.
struct llama2c_shape {
    std::int32_t width;
    std::int32_t ffn_width;
    std::int32_t layers;
    std::int32_t heads;
    std::int32_t kv_heads;
    std::int32_t vocabulary; ///< negative when the output matrix is not tied to the embedding
    std::int32_t context;
};

class llama2c_file {
  public:
    /// Throws std::runtime_error when the file is missing, cut, or of another shape.
    explicit llama2c_file(const std::filesystem::path& path);

    [[nodiscard]] const llama2c_shape& shape() const noexcept { return shape_; }

    /// The next `count` weights in file order. Valid as long as this object.
    [[nodiscard]] std::span<const float> take(std::size_t count);

  private:
    llama2c_shape shape_{};
    std::vector<float> weights_;
    std::size_t taken_ = 0;
};

} // namespace tw::make_model
