// Ollama's names and folders, and what a stranger may have put into them.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdlib>

#include "models/ollama_manifest.hpp"
#include "models/ollama_store.hpp"
#include "support/scratch_folder.hpp"

using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

std::string digest(char digit) { return std::string(64, digit); }

std::string manifest(char digit) {
    return R"({"schemaVersion":2,"config":{"digest":"sha256:x"},"layers":[
{"mediaType":"application/vnd.ollama.image.license","digest":"sha256:y","size":1},
{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:)" +
           digest(digit) + R"(","size":4}]})";
}

struct store_folder : tw::test::scratch_folder {
    store_folder() { fs::create_directories(path() / "blobs"); }

    void add(const std::string& below, char digit) const {
        write("manifests/" + below, manifest(digit));
        write("blobs/sha256-" + digest(digit), "GGUF");
    }
    [[nodiscard]] tw::ollama_store store() const { return tw::ollama_store({"/nowhere/models", path()}); }
    [[nodiscard]] std::string refusal(const std::string& name) const {
        const auto found = store().find(name);
        REQUIRE(found.has_error());
        return found.error().message;
    }
};

} // namespace

TEST_CASE("a model of Ollama's is found by the name that ollama list shows, and used in place") {
    const store_folder here;
    here.add("registry.ollama.ai/library/qwen3/8b", 'a');
    here.add("registry.ollama.ai/library/tiny/latest", 'b');
    here.add("registry.ollama.ai/me/mine/v1", 'c');
    here.add("hf.co/user/repo-GGUF/Q4_K_M", 'd');
    const auto store = here.store();
    const auto blob = [&](char digit) { return here.path() / "blobs" / ("sha256-" + digest(digit)); };
    CHECK(store.find("qwen3:8b").value() == blob('a'));
    CHECK(store.find("library/qwen3:8b").value() == blob('a'));
    CHECK(store.find("tiny").value() == blob('b'));
    CHECK(store.find("tiny:latest").value() == blob('b'));
    CHECK(store.find("me/mine:v1").value() == blob('c'));
    CHECK(store.find("hf.co/user/repo-GGUF:Q4_K_M").value() == blob('d'));

    const auto all = store.list();
    REQUIRE(all.size() == 4);
    CHECK(all[0].name == "hf.co/user/repo-GGUF:Q4_K_M");
    CHECK(all[1].name == "me/mine:v1");
    CHECK(all[2].name == "qwen3:8b");
    CHECK(all[3].name == "tiny");
    CHECK(all[3].bytes == 4);
    for (const auto& one : all) CHECK(store.find(one.name).value() == one.file);
}

TEST_CASE("a model that is not there is answered with those that are") {
    const store_folder here;
    CHECK_THAT(here.refusal("qwen3:8b"), ContainsSubstring("nor any other") && ContainsSubstring("/nowhere/models") &&
                                             ContainsSubstring("ollama pull qwen3:8b"));
    here.add("registry.ollama.ai/library/qwen3/8b", 'a');
    CHECK(here.refusal("qwen3:9b") == "Ollama has no model \"qwen3:9b\" on this machine; did you mean \"qwen3:8b\"? "
                                      "It has qwen3:8b.");
    CHECK(here.refusal("llama") == "Ollama has no model \"llama\" on this machine; it has qwen3:8b.");
}

TEST_CASE("no name and no link leads out of Ollama's folder") {
    const store_folder here, outside;
    outside.write("weights", "GGUF");
    for (const char* name : {"", ":", "..", "../x", "a/../b", "/etc/passwd", "a//b", "a/b/c/d", "x:..", "x:", "x:a:b",
                             "a b", ".hidden", "x:.t", "../../x:y"})
        CHECK_THAT(here.refusal(name), ContainsSubstring("is no name of an Ollama model"));

    here.write("manifests/registry.ollama.ai/library/linked/latest", manifest('e'));
    fs::create_symlink(outside.path() / "weights", here.path() / "blobs" / ("sha256-" + digest('e')));
    CHECK_THAT(here.refusal("linked"), ContainsSubstring("its weights") && ContainsSubstring("lead out of"));
    fs::create_directory_symlink(outside.path(), here.path() / "manifests/registry.ollama.ai/library/far");
    outside.write("latest", manifest('a'));
    CHECK_THAT(here.refusal("far"), ContainsSubstring("its manifest") && ContainsSubstring("leads out of"));
    CHECK(here.store().list().empty());

    // Links inside are as good as files, and the folder itself may be one.
    here.add("registry.ollama.ai/library/real/latest", 'f');
    fs::create_symlink("latest", here.path() / "manifests/registry.ollama.ai/library/real/other");
    CHECK(here.store().find("real:other").has_value());
    fs::create_directory_symlink(here.path(), outside.path() / "models");
    CHECK(tw::ollama_store({outside.path() / "models"}).find("real").has_value());
}

TEST_CASE("a damaged manifest is one sentence") {
    const store_folder here;
    const auto refused = [&](const std::string& text) {
        here.write("manifests/registry.ollama.ai/library/bad/latest", text);
        return here.refusal("bad");
    };
    CHECK_THAT(refused(""), ContainsSubstring("is no JSON object."));
    CHECK_THAT(refused("{}"), ContainsSubstring("has no list of layers."));
    CHECK_THAT(refused(R"({"layers":[1,{},{"mediaType":3}]})"), ContainsSubstring("has no layer of weights."));
    CHECK_THAT(refused(R"({"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:../../x"}]})"),
               ContainsSubstring("digest"));
    CHECK_THAT(refused(std::string(100000, '[')), ContainsSubstring("nests more than 16 deep."));
    CHECK_THAT(refused(std::string(tw::max_manifest_bytes + 1, ' ')), ContainsSubstring("is larger than 1 MiB."));
    const auto one = manifest('a');
    const auto layers = one.substr(one.find(R"({"mediaType":"application/vnd.ollama.image.model")"));
    CHECK_THAT(refused(R"({"layers":[)" + layers.substr(0, layers.size() - 2) + "," + layers),
               ContainsSubstring("more than one layer"));
    CHECK_THAT(refused(manifest('9')), ContainsSubstring("ollama pull bad"));
    fs::remove(here.path() / "manifests/registry.ollama.ai/library/bad/latest");
    fs::create_directories(here.path() / "manifests/registry.ollama.ai/library/bad/latest");
    CHECK_THAT(here.refusal("bad"), ContainsSubstring("is no file."));
}
