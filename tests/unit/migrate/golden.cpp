// Every cluster.yaml under tests/golden/import becomes exactly the configuration and the differences beside it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "migrate/import.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void compare(const fs::path& golden, const std::string& text) {
    if (std::getenv("TIGHTWAD_UPDATE_GOLDEN") != nullptr) {
        if (text.empty())
            fs::remove(golden);
        else
            std::ofstream(golden) << text;
    }
    CHECK(text == slurp(golden)); // a file that is not there is empty
}

} // namespace

TEST_CASE("each cluster.yaml becomes a configuration, or sentences about why not, and no secret is in either") {
    const fs::path folder = fs::path(TW_SOURCE_DIR) / "tests/golden/import";
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    std::ranges::sort(files);
    REQUIRE(files.size() >= 10);
    std::size_t good = 0;
    for (auto file : files) {
        INFO(file.filename().string());
        const auto made = tw::migrate::import_cluster(slurp(file), file.filename().string());
        std::string toml, told;
        if (made) {
            ++good;
            toml = made->toml;
            for (const auto& one : made->differences)
                told += to_string(one.at) + ": " + std::string(word_of(one.kind)) + ": " + one.key + ": " +
                        one.message + "\n";
            const auto read = tw::parse(toml, "imported.toml", nullptr);
            if (read.has_error()) FAIL(to_string(read.error().front()));
        } else
            for (const auto& mistake : made.error())
                told += to_string(mistake) + "\n";
        CHECK(!told.empty());
        for (const auto* said : {&toml, &told})
            CHECK(said->find("SECRET") == std::string::npos);
        compare(file.replace_extension(".toml"), toml);
        compare(file.replace_extension(".txt"), told);
    }
    CHECK(good >= 6);
}

TEST_CASE("a pool that stood in the open is reached through peers, and one on this machine as it is") {
    const auto pool = [](const std::string& host) {
        const auto made = tw::migrate::import_cluster("coordinator: {host: 127.0.0.1}\nworkers:\n  - host: " + host +
                                                          "\n    gpus: [{vram_gb: 8, rpc_port: 50099}]\n"
                                                          "models: {m: {path: /m.gguf}}\n",
                                                      "cluster.yaml");
        REQUIRE(made.has_value());
        CHECK_THAT(made->toml, !ContainsSubstring("insecure"));
        return tw::parse(made->toml, "t.toml", nullptr).value().pools.at(0).workers.at(0);
    };
    const auto far = pool("192.168.1.20");
    REQUIRE(far.peer);
    CHECK(far.peer->url == "tws://192.168.1.20:9191");
    CHECK(far.peer->token->name == "TIGHTWAD_PEER_TOKEN");
    CHECK(far.rpc_port == 50099);
    CHECK(far.vram_bytes == std::uint64_t{8} << 30U);
    CHECK_FALSE(pool("127.0.0.1").peer);
}

TEST_CASE("the proxy's target is the coordinator's model where its address says so, and a server elsewhere") {
    const auto targets = [](const std::string& url, const std::string& model) {
        const auto made = tw::migrate::import_cluster("coordinator: {port: 8090}\nmodels: {big: {path: /big.gguf}}\n"
                                                      "proxy: {target: {url: \"" +
                                                          url + "\", model_name: " + model + "}}\n",
                                                      "cluster.yaml");
        REQUIRE(made.has_value());
        const auto read = tw::parse(made->toml, "t.toml", nullptr).value();
        std::vector<bool> servers;
        for (const auto& one : read.pipelines)
            servers.push_back(read.node(one.target)->server);
        return servers;
    };
    CHECK(targets("http://127.0.0.1:8090", "other") == std::vector{false});
    CHECK(targets("http://192.168.1.10:8090", "big") == std::vector{false});
    CHECK(targets("http://192.168.1.10:8090", "other") == std::vector{true, false});
    CHECK(targets("http://127.0.0.1:8091", "big") == std::vector{true, false});
}
