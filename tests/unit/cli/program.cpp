// fork, exec, and files for the three streams.
#include "program.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" char** environ;

namespace tw::test {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& variables) {
    std::vector<std::string> out;
    for (char** one = environ; *one != nullptr; ++one)
        if (!std::string(*one).starts_with("TIGHTWAD_")) out.emplace_back(*one);
    for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> out;
    for (auto& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

} // namespace

ran run_tightwad(const std::vector<std::string>& arguments, const std::string& input,
                 const std::map<std::string, std::string>& variables) {
    const scratch_folder streams;
    const auto in = streams.write("in", input), out = streams.write("out", ""), err = streams.write("err", "");
    std::vector<std::string> words{TW_BINARY_DIR "/bin/tightwad"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto environment = environment_with(variables);
    const auto argv = pointers(words), envp = pointers(environment);
    const auto child = ::fork();
    if (child == 0) {
        ::dup2(::open(in.c_str(), O_RDONLY), 0);
        ::dup2(::open(out.c_str(), O_WRONLY), 1);
        ::dup2(::open(err.c_str(), O_WRONLY), 2);
        ::alarm(60);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), slurp(out), slurp(err)};
}

running_tightwad::running_tightwad(std::vector<std::string> arguments,
                                   const std::map<std::string, std::string>& variables) {
    auto name = (fs::temp_directory_path() / "tightwad-test-XXXXXX").string();
    streams_ = ::mkdtemp(name.data());
    const auto out = (streams_ / "out").string(), err = (streams_ / "err").string();
    arguments.insert(arguments.begin(), TW_BINARY_DIR "/bin/tightwad");
    auto environment = environment_with(variables);
    const auto argv = pointers(arguments), envp = pointers(environment);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(::open("/dev/null", O_RDONLY), 0);
        ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0600), 1);
        ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), 2);
        ::alarm(120);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
}

running_tightwad::~running_tightwad() {
    if (!has_ended()) ::kill(pid_, SIGTERM);
    wait();
    std::error_code ignored;
    fs::remove_all(streams_, ignored);
}

std::string running_tightwad::said() const { return slurp(streams_ / "out") + slurp(streams_ / "err"); }

bool running_tightwad::has_ended() {
    int status = 0;
    if (code_ < 0 && ::waitpid(pid_, &status, WNOHANG) == pid_)
        code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return code_ >= 0;
}

std::string running_tightwad::wait_for(const std::string& text) {
    for (int tries = 0; tries < 6000 && !has_ended(); ++tries) {
        if (slurp(streams_ / "out").find(text) != std::string::npos) break;
        ::usleep(10000);
    }
    return said();
}

int running_tightwad::wait() {
    while (!has_ended()) ::usleep(10000);
    return code_;
}

} // namespace tw::test
