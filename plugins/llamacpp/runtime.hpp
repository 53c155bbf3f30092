// What libllama keeps per process: its compute devices and its log.
#pragma once

#include <string>

#include <tightwad/sdk/host.hpp>

namespace llamacpp {

// Loads the compute backends that lie beside libggml, once. Any thread.
void start_runtime();

// The version of llama.cpp and a short digest of the libraries that are loaded of it, as in "0.5.0+1a2b3c4d": builds for
// other processors, or with other switches, may give other bits. Any thread, after start_runtime().
const std::string& engine_build();

// Where libllama's warnings go while it lives; they are dropped when no sink is there. Any thread.
class log_sink {
  public:
    explicit log_sink(tw::sdk::host host);
    ~log_sink();
    log_sink(const log_sink&) = delete;
    log_sink& operator=(const log_sink&) = delete;

  private:
    tw::sdk::host host_;
};

// Collects the errors libllama logs on this thread, for the sentence that reports a failure.
class error_log {
  public:
    error_log();
    ~error_log();
    error_log(const error_log&) = delete;
    error_log& operator=(const error_log&) = delete;

    [[nodiscard]] std::string because() const; // " (the last error)", or nothing

  private:
    std::string last_error_;
    std::string* outer_;
};

} // namespace llamacpp
