// GGUF version 2 and 3, little-endian, every length checked before it is believed.
#include "plan/gguf_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

#include "base/text.hpp"
#include "plan/gguf_types.hpp"

namespace tw::plan {
namespace {

constexpr std::uint64_t most_keys = 65'536, most_tensors = 262'144, longest_name = 1024, longest_text = 16U << 20U,
                        longest_list = 1U << 24U, kept_text = 4096, kept_list = 4096;

enum kind : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, list, u64, i64, f64 };

// Bytes of a value of fixed size; 0 = it has none.
std::uint64_t width(std::uint32_t type) {
    constexpr std::array<std::uint8_t, 13> widths{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < widths.size() ? widths[type] : 0;
}

struct broken {
    std::string why;
};

class header_reader {
  public:
    header_reader(std::istream& in, std::uint64_t file_bytes) : in_(in), left_(file_bytes), size_(file_bytes) {}

    gguf_header read() {
        std::array<char, 4> magic{};
        take(magic.data(), magic.size());
        if (std::memcmp(magic.data(), "GGUF", 4) != 0) throw broken{"it does not begin with the bytes GGUF"};
        out_.version = fixed<std::uint32_t>();
        if (out_.version == 0x02000000 || out_.version == 0x03000000) throw broken{"it is big-endian"};
        if (out_.version < 2 || out_.version > 3)
            throw broken{"its version is " + std::to_string(out_.version) + ", and 2 and 3 are known"};
        const auto tensors = counted(most_tensors, "tensors", 24);
        const auto keys = counted(most_keys, "keys", 13);
        for (std::uint64_t i = 0; i < keys; ++i) read_pair();
        for (std::uint64_t i = 0; i < tensors; ++i) read_tensor();
        const auto alignment = out_.number("general.alignment").value_or(32);
        if (alignment == 0 || alignment > (1U << 20U) || (alignment & (alignment - 1)) != 0)
            throw broken{"its alignment is " + std::to_string(alignment)};
        const auto here = size_ - left_;
        out_.data_begin = (here + alignment - 1) / alignment * alignment;
        return std::move(out_);
    }

  private:
    void take(char* into, std::uint64_t count) {
        if (count > left_) throw broken{"it ends at byte " + std::to_string(size_) + ", in the middle of its header"};
        in_.read(into, static_cast<std::streamsize>(count));
        if (static_cast<std::uint64_t>(in_.gcount()) != count) throw broken{"it cannot be read to its end"};
        left_ -= count;
    }
    void skip(std::uint64_t count) {
        if (count > left_) throw broken{"it ends at byte " + std::to_string(size_) + ", in the middle of its header"};
        if (count > 65536) in_.seekg(static_cast<std::streamoff>(count), std::ios::cur);
        else in_.ignore(static_cast<std::streamsize>(count));
        if (!in_) throw broken{"it cannot be read to its end"};
        left_ -= count;
    }
    template <class T> T fixed() {
        std::array<char, sizeof(T)> raw{};
        take(raw.data(), raw.size());
        T out{};
        for (std::size_t i = 0; i < sizeof(T); ++i)
            out = static_cast<T>(out | static_cast<T>(static_cast<T>(static_cast<unsigned char>(raw[i])) << (8 * i)));
        return out;
    }
    // `least`: the bytes that each of them takes at least.
    std::uint64_t counted(std::uint64_t most, const char* what, std::uint64_t least) {
        const auto count = fixed<std::uint64_t>();
        if (count > most || count * least > left_)
            throw broken{"it claims " + std::to_string(count) + " " + what + " in " + std::to_string(size_) + " bytes"};
        return count;
    }
    std::string text(std::uint64_t most, std::uint64_t kept) {
        const auto length = fixed<std::uint64_t>();
        if (length > most) throw broken{"it holds a text of " + std::to_string(length) + " bytes"};
        if (length > left_) throw broken{"it ends at byte " + std::to_string(size_) + ", in the middle of a text"};
        std::string out(static_cast<std::size_t>(std::min(length, kept)), '\0');
        take(out.data(), out.size());
        skip(length - out.size());
        return to_valid_utf8(out);
    }

    // None for a float, or below 0.
    std::optional<std::uint64_t> whole(std::uint32_t type) {
        const auto positive = [](auto value) {
            return value < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(value));
        };
        switch (type) {
        case u8: case boolean: return fixed<std::uint8_t>();
        case i8: return positive(static_cast<std::int8_t>(fixed<std::uint8_t>()));
        case u16: return fixed<std::uint16_t>();
        case i16: return positive(static_cast<std::int16_t>(fixed<std::uint16_t>()));
        case u32: return fixed<std::uint32_t>();
        case i32: return positive(static_cast<std::int32_t>(fixed<std::uint32_t>()));
        case u64: return fixed<std::uint64_t>();
        case i64: return positive(static_cast<std::int64_t>(fixed<std::uint64_t>()));
        default: skip(width(type)); return std::nullopt;
        }
    }

    void read_pair() {
        auto key = text(longest_name, longest_name);
        const auto type = fixed<std::uint32_t>();
        if (type == string) out_.texts[key] = text(longest_text, kept_text);
        else if (type == list) read_list(key);
        else if (width(type) == 0) throw broken{"its key " + key + " has the unknown type " + std::to_string(type)};
        else if (const auto number = whole(type)) out_.numbers[key] = *number;
    }

    void read_list(const std::string& key) {
        const auto type = fixed<std::uint32_t>();
        const auto bytes = width(type);
        if (bytes == 0 && type != string)
            throw broken{"its list " + key + " has entries of the unknown type " + std::to_string(type)};
        const auto count = counted(longest_list, "entries of a list", type == string ? 8 : bytes);
        out_.lengths[key] = count;
        if (type == string) {
            for (std::uint64_t i = 0; i < count; ++i) static_cast<void>(text(longest_text, 0));
        } else if (count > kept_list || type == f32 || type == f64) {
            skip(count * bytes);
        } else {
            auto& kept = out_.lists[key];
            for (std::uint64_t i = 0; i < count; ++i) kept.push_back(whole(type).value_or(0));
        }
    }

    void read_tensor() {
        gguf_tensor one;
        one.name = text(longest_name, longest_name);
        const auto dimensions = fixed<std::uint32_t>();
        if (dimensions > 4)
            throw broken{"its tensor " + one.name + " has " + std::to_string(dimensions) + " dimensions"};
        std::uint64_t elements = 1;
        for (std::uint32_t i = 0; i < dimensions; ++i) {
            one.shape.push_back(fixed<std::uint64_t>());
            const auto size = one.shape.back();
            if (size == 0 || elements > std::numeric_limits<std::uint64_t>::max() / 64 / size)
                throw broken{"its tensor " + one.name + " has an impossible shape"};
            elements *= size;
        }
        one.type = fixed<std::uint32_t>();
        one.offset = fixed<std::uint64_t>();
        const auto* type = find_gguf_type(one.type);
        if (type == nullptr)
            throw broken{"its tensor " + one.name + " has the type " + std::to_string(one.type) +
                         ", which this version does not know"};
        const auto row = one.shape.empty() ? 1 : one.shape.front();
        if (row % type->block != 0)
            throw broken{"its tensor " + one.name + " has rows of " + std::to_string(row) +
                         " elements, no multiple of the " + std::to_string(type->block) + " of a block of " +
                         std::string(type->name)};
        one.bytes = elements / type->block * type->bytes;
        out_.tensors.push_back(std::move(one));
    }

    std::istream& in_;
    std::uint64_t left_, size_;
    gguf_header out_;
};

} // namespace

std::optional<std::uint64_t> gguf_header::number(const std::string& key) const {
    const auto found = numbers.find(key);
    return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

std::string gguf_header::text(const std::string& key) const {
    const auto found = texts.find(key);
    return found == texts.end() ? std::string() : found->second;
}

result<gguf_header> read_gguf(std::istream& in, std::uint64_t file_bytes) {
    try {
        return header_reader(in, file_bytes).read();
    } catch (const broken& what) {
        return fail(code::corrupt, "This is no sound GGUF file: " + what.why + ".");
    }
}

result<std::vector<std::filesystem::path>> files_of_model(const std::filesystem::path& file) {
    const auto name = file.filename().string();
    // "-00001-of-00003.gguf"
    constexpr std::size_t tail = 20;
    const auto at = name.size() < tail ? 0 : name.size() - tail;
    const auto number = [&](std::size_t from) {
        int out = 0;
        const auto* first = name.data() + from;
        const auto [rest, failed] = std::from_chars(first, first + 5, out);
        return failed == std::errc{} && rest == first + 5 ? out : 0;
    };
    if (name.size() <= tail || name[at] != '-' || name.substr(at + 6, 4) != "-of-" || name.substr(at + 15) != ".gguf")
        return std::vector{file};
    const int count = number(at + 10);
    if (number(at + 1) < 1 || count < 2) return std::vector{file};
    std::vector<std::filesystem::path> out;
    for (int i = 1; i <= count; ++i) {
        auto digits = std::to_string(i);
        digits.insert(0, 5 - digits.size(), '0');
        out.push_back(file.parent_path() / (name.substr(0, at + 1) + digits + name.substr(at + 6)));
        std::error_code failed;
        if (!std::filesystem::is_regular_file(out.back(), failed))
            return fail(code::not_found, "The model lies in " + std::to_string(count) + " files, and " +
                                             out.back().string() + " is not there; put all of them into one folder.");
    }
    return out;
}

} // namespace tw::plan
