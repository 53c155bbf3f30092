// The only file that includes yaml-cpp. Its events are taken one by one, so that the limits hold while it reads.
#include "migrate/yaml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/text.hpp"

namespace tw::migrate {
namespace {

using toml_tree::member;
using toml_tree::value;

// What a tag may say: YAML's own kinds, and none; "!" is a string's in quotes.
constexpr std::array<std::string_view, 10> known_tags{"",
                                                      "?",
                                                      "!",
                                                      "tag:yaml.org,2002:str",
                                                      "tag:yaml.org,2002:int",
                                                      "tag:yaml.org,2002:float",
                                                      "tag:yaml.org,2002:bool",
                                                      "tag:yaml.org,2002:null",
                                                      "tag:yaml.org,2002:seq",
                                                      "tag:yaml.org,2002:map"};

// Well-formed, and not read all the same.
struct refusal {
    int line, column;
    std::string sentence;
};

bool is_one_of(std::string_view word, std::string_view lower) {
    return std::ranges::equal(word, lower, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : +c; });
}

// What a word without quotes is in YAML 1.1.
void resolve(value& out) {
    const std::string_view word = out.text;
    for (const bool meant : {true, false})
        for (const std::string_view each : meant ? std::array<std::string_view, 3>{"true", "yes", "on"}
                                                 : std::array<std::string_view, 3>{"false", "no", "off"})
            if (is_one_of(word, each)) {
                out.type = value::kind::boolean;
                out.boolean = meant;
            }
    const auto digits = word.substr(word.starts_with('+') ? 1 : 0);
    const auto* end = digits.data() + digits.size();
    const auto whole = std::from_chars(digits.data(), end, out.integer);
    if (!digits.empty() && whole.ec == std::errc{} && whole.ptr == end) {
        out.type = value::kind::integer;
        out.number = static_cast<double>(out.integer);
        return;
    }
    const auto part = std::from_chars(digits.data(), end, out.number);
    const bool figures = digits.find_first_of("0123456789") != std::string_view::npos;
    if (figures && part.ec == std::errc{} && part.ptr == end && std::isfinite(out.number))
        out.type = value::kind::number;
}

struct size_of_tree {
    std::size_t values = 1;
    int depth = 0; // of a single word
};

size_of_tree measure(const value& tree) {
    size_of_tree out;
    const auto add = [&](const value& inner) {
        const auto one = measure(inner);
        out.values += one.values;
        out.depth = std::max(out.depth, one.depth + 1);
    };
    for (const auto& each : tree.list)
        add(each);
    for (const auto& each : tree.table)
        add(each.value);
    return out;
}

// Builds the tree from the inside out.
class builder final : public YAML::EventHandler {
  public:
    explicit builder(const std::string& file) : file_(file) {}

    value root;

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { place(made(mark), anchor, true); }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) refuse(mark, "An alias stands inside what it names.");
        const auto size = measure(found->second.tree);
        count(mark, size.values, size.depth);
        auto copy = found->second;
        place(std::move(copy.tree), 0, copy.nothing);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override {
        check_tag(mark, tag);
        auto out = made(mark);
        out.type = value::kind::text;
        out.text = text;
        if (tag != "!" && tag != "tag:yaml.org,2002:str") resolve(out);
        place(std::move(out), anchor, false);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, value::kind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, value::kind::table);
    }
    void OnMapEnd() override {
        merge(open_.back().tree);
        close();
    }

  private:
    struct level {
        value tree;
        YAML::anchor_t anchor = 0;
        bool has_key = false; // of a map: the next value is that of `key`
        std::string key{};
        location key_at{};
    };
    struct anchored {
        value tree;
        bool nothing = false;
    };

    [[noreturn]] static void refuse(const YAML::Mark& mark, std::string sentence) {
        throw refusal{mark.line + 1, mark.column + 1, std::move(sentence)};
    }

    static void check_tag(const YAML::Mark& mark, std::string_view tag) {
        if (std::ranges::find(known_tags, tag) == known_tags.end()) refuse(mark, "A tag (!…) means nothing here.");
    }

    void count(const YAML::Mark& mark, std::size_t values, int depth) {
        values_ += values;
        if (values_ > max_yaml_values)
            refuse(mark, "There are more than " + std::to_string(max_yaml_values) +
                             " values, what aliases stand for counted each time.");
        if (static_cast<int>(open_.size()) + depth > max_yaml_depth)
            refuse(mark, "It is nested more than " + std::to_string(max_yaml_depth) + " deep.");
    }

    value made(const YAML::Mark& mark) {
        count(mark, 1, 0);
        value out;
        out.at = {file_, mark.line + 1, mark.column + 1};
        return out;
    }

    void open(const YAML::Mark& mark, std::string_view tag, YAML::anchor_t anchor, value::kind type) {
        check_tag(mark, tag);
        count(mark, 0, 1);
        level next{made(mark), anchor};
        next.tree.type = type;
        open_.push_back(std::move(next));
    }

    void close() {
        auto done = std::move(open_.back());
        open_.pop_back();
        place(std::move(done.tree), done.anchor, false);
    }

    // `nothing`: a null, which is as if its key were not there.
    void place(value&& one, YAML::anchor_t anchor, bool nothing) {
        if (anchor != 0) anchors_[anchor] = {one, nothing};
        if (open_.empty()) {
            root = std::move(one);
            return;
        }
        auto& outer = open_.back();
        if (outer.tree.type == value::kind::list) {
            if (!nothing) outer.tree.list.push_back(std::move(one));
        } else if (!outer.has_key) {
            if (nothing || one.type == value::kind::list || one.type == value::kind::table)
                throw refusal{one.at.line, one.at.column, "A key must be a word."};
            outer.key = std::move(one.text);
            outer.key_at = one.at;
            outer.has_key = true;
        } else {
            outer.has_key = false;
            std::erase_if(outer.tree.table, [&](const member& other) { return other.key == outer.key; });
            if (!nothing) outer.tree.table.push_back({outer.key, outer.key_at, std::move(one)});
        }
    }

    static void merge(value& map) {
        const auto found = std::ranges::find(map.table, "<<", &member::key);
        if (found == map.table.end()) return;
        const auto from = std::move(found->value);
        map.table.erase(found);
        const auto add = [&](const value& other) {
            for (const auto& one : other.table)
                if (map.find(one.key) == nullptr) map.table.push_back(one);
        };
        add(from);
        for (const auto& one : from.list)
            add(one);
    }

    const std::string& file_;
    std::vector<level> open_;
    std::map<YAML::anchor_t, anchored> anchors_;
    std::size_t values_ = 0;
};

std::vector<diagnostic> only(const std::string& file, int line, int column, std::string sentence) {
    return {diagnostic{{file, line, column}, std::move(sentence)}};
}

} // namespace

boost::system::result<value, std::vector<diagnostic>> read_yaml(std::string_view text, const std::string& file) {
    if (text.size() > max_yaml_bytes) return only(file, 0, 0, "The file is larger than 256 KiB.");
    if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos)
        return only(file, 0, 0, "The file is no text in UTF-8.");
    std::istringstream in{std::string(text)};
    builder out(file);
    try {
        YAML::Parser parser(in);
        if (!parser.HandleNextDocument(out)) return only(file, 1, 1, "The file holds nothing.");
        builder second(file);
        if (parser.HandleNextDocument(second)) return only(file, 1, 1, "The file holds more than one YAML document.");
    } catch (const refusal& why) {
        return only(file, why.line, why.column, why.sentence);
    } catch (const YAML::Exception& wrong) {
        return only(file, wrong.mark.line + 1, wrong.mark.column + 1, "This is not YAML: " + wrong.msg + ".");
    }
    return std::move(out.root);
}

} // namespace tw::migrate
