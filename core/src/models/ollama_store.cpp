// manifests/REGISTRY/NAMESPACE/NAME/TAG names a file below blobs/.
#include "models/ollama_store.hpp"

#include <algorithm>
#include <fstream>

#include "base/text.hpp"
#include "models/ollama_manifest.hpp"

namespace tw {
namespace {

namespace fs = std::filesystem;

constexpr auto usual_registry = "registry.ollama.ai";
constexpr auto usual_space = "library";
constexpr auto usual_tag = "latest";
constexpr std::size_t most_models = 1000;

bool is_part(std::string_view text, bool registry) {
    const auto good = [registry](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-' || (registry && c == ':');
    };
    return !text.empty() && text.size() <= 128 && text.front() != '.' && std::ranges::all_of(text, good);
}

// Whether the file lies below the folder once every link is followed.
bool is_inside(const fs::path& file, const fs::path& folder) {
    std::error_code failed;
    const auto real = fs::canonical(file, failed), real_folder = failed ? fs::path() : fs::canonical(folder, failed);
    if (failed) return false;
    const auto [end, rest] = std::mismatch(real_folder.begin(), real_folder.end(), real.begin(), real.end());
    return end == real_folder.end();
}

bool is_there(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(fs::symlink_status(file, ignored));
}

result<ollama_model> read(const ollama_name& name, const fs::path& manifest, const fs::path& folder) {
    const auto about = "The Ollama model \"" + name.text() + "\" cannot be used: ";
    const auto bad = [&](const std::string& what) { return fail(code::corrupt, about + what); };
    std::error_code failed;
    if (!is_inside(manifest, folder))
        return bad("its manifest " + manifest.string() + " leads out of " + folder.string() + ".");
    if (!fs::is_regular_file(manifest, failed)) return bad(manifest.string() + " is no file.");
    std::ifstream in(manifest, std::ios::binary);
    std::string text(max_manifest_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in.eof() && !in) return bad("its manifest " + manifest.string() + " cannot be read.");
    text.resize(static_cast<std::size_t>(in.gcount()));
    const auto parsed = parse_ollama_manifest(text);
    if (!parsed) return bad("its manifest " + manifest.string() + " " + parsed.error().message + ".");
    const auto file = folder / "blobs" / parsed->blob;
    if (!is_there(file))
        return bad("its weights " + file.string() + " are not there; fetch them with `ollama pull " + name.text() + "`.");
    if (!is_inside(file, folder)) return bad("its weights " + file.string() + " lead out of " + folder.string() + ".");
    const auto bytes = fs::file_size(file, failed);
    if (failed) return bad("its weights " + file.string() + " cannot be read.");
    return ollama_model{name.text(), bytes, file};
}

std::vector<fs::directory_entry> folders_in(const fs::path& folder) {
    std::vector<fs::directory_entry> out;
    std::error_code failed;
    for (auto one = fs::directory_iterator(folder, failed); !failed && one != fs::directory_iterator(); one.increment(failed))
        if (out.size() < most_models) out.push_back(*one);
    return out;
}

fs::path path_of(const ollama_name& name, const fs::path& folder) {
    return folder / "manifests" / name.registry / name.space / name.model / name.tag;
}

// Four levels, each a part of the name.
std::vector<ollama_name> all_in(const fs::path& folder) {
    std::vector<ollama_name> out;
    for (const auto& registry : folders_in(folder / "manifests"))
        for (const auto& space : folders_in(registry))
            for (const auto& model : folders_in(space))
                for (const auto& tag : folders_in(model)) {
                    if (out.size() == most_models) return out;
                    ollama_name name{registry.path().filename(), space.path().filename(), model.path().filename(),
                                     tag.path().filename()};
                    if (is_part(name.registry, true) && is_part(name.space, false) && is_part(name.model, false) &&
                        is_part(name.tag, false))
                        out.push_back(std::move(name));
                }
    return out;
}

} // namespace

std::string ollama_name::text() const {
    auto out = registry == usual_registry ? "" : registry + "/";
    if (!out.empty() || space != usual_space) out += space + "/";
    return out + model + (tag == usual_tag ? "" : ":" + tag);
}

result<ollama_name> parse_ollama_name(std::string_view text) {
    const auto wrong = [&] {
        return fail(code::invalid_argument, "\"" + to_valid_utf8(cut_utf8(text, 200)) +
                                                "\" is no name of an Ollama model; write ollama:NAME:TAG, as `ollama "
                                                "list` shows it, such as ollama:qwen3:8b or ollama:hf.co/user/repo:tag.");
    };
    std::vector<std::string> parts{""};
    for (const char c : text)
        if (c == '/') parts.emplace_back();
        else parts.back() += c;
    if (parts.size() > 3) return wrong();
    ollama_name out{usual_registry, usual_space, parts.back(), usual_tag};
    if (const auto colon = out.model.find(':'); colon != std::string::npos) {
        out.tag = out.model.substr(colon + 1);
        out.model.resize(colon);
    }
    if (parts.size() > 1) out.space = parts[parts.size() - 2];
    if (parts.size() > 2) out.registry = parts[0];
    if (!is_part(out.registry, true) || !is_part(out.space, false) || !is_part(out.model, false) ||
        !is_part(out.tag, false))
        return wrong();
    return out;
}

result<fs::path> ollama_store::find(std::string_view text) const {
    const auto name = parse_ollama_name(text);
    if (!name) return name.error();
    for (const auto& folder : folders_) {
        const auto manifest = path_of(*name, folder);
        if (!is_there(manifest)) continue;
        auto model = read(*name, manifest, folder);
        if (!model) return model.error();
        return std::move(model->file);
    }
    return missing(*name);
}

std::vector<std::string> ollama_store::names() const {
    std::vector<std::string> out;
    for (const auto& folder : folders_)
        for (const auto& name : all_in(folder)) out.push_back(name.text());
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

error ollama_store::missing(const ollama_name& name) const {
    const auto here = names();
    const auto sentence = "Ollama has no model \"" + name.text() + "\" on this machine";
    std::string list;
    if (here.empty()) {
        for (const auto& folder : folders_) list += (list.empty() ? "" : ", ") + folder.string();
        return fail(code::not_found, sentence + ", nor any other; searched: " + list + ". Fetch it with `ollama pull " +
                                         name.text() + "`, or set OLLAMA_MODELS.");
    }
    constexpr std::size_t most_shown = 20;
    for (std::size_t i = 0; i < std::min(here.size(), most_shown); ++i) list += (i == 0 ? "" : ", ") + here[i];
    if (here.size() > most_shown) list += " and " + std::to_string(here.size() - most_shown) + " more";
    const auto near = near_name(name.text(), here);
    return fail(code::not_found, sentence + (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                                     (near.empty() ? "; it has " : " It has ") + list + ".");
}

std::vector<ollama_model> ollama_store::list() const {
    std::vector<ollama_model> out;
    for (const auto& folder : folders_)
        for (const auto& name : all_in(folder))
            if (auto model = read(name, path_of(name, folder), folder); model && out.size() < most_models)
                out.push_back(std::move(*model));
    std::ranges::stable_sort(out, {}, &ollama_model::name);
    const auto twice = std::ranges::unique(out, {}, &ollama_model::name);
    out.erase(twice.begin(), twice.end());
    return out;
}

} // namespace tw
