// A pipeline whose model turns texts into vectors, or puts documents in order, and gives no answers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bridge/engine.hpp"
#include "pipeline/pipeline.hpp"

namespace tw {

struct embedding_pipeline_parts {
    std::string name;
    std::vector<std::string> serves;
    std::string target; // [backend.NAME]
    std::unique_ptr<engine> model;
    embedding_info sizes;     // as the model states them; one dimension where it ranks
    std::int32_t queue = 64;  // requests that may wait
    bool ranks = false;       // it puts documents in order and makes no embeddings
};

// Requests are computed one after the other, each in as few passes as its texts fit into.
class embedding_pipeline final : public pipeline {
  public:
    explicit embedding_pipeline(embedding_pipeline_parts parts);
    ~embedding_pipeline() override;

    [[nodiscard]] const std::string& name() const override { return parts_.name; }
    [[nodiscard]] const std::vector<std::string>& serves() const override { return parts_.serves; }
    // Always an error.
    [[nodiscard]] result<std::shared_ptr<generation>> start(generation_request request,
                                                            std::shared_ptr<generation_sink> sink) override;
    [[nodiscard]] result<std::shared_ptr<generation>> ask(question asked, finding_function done) override;
    [[nodiscard]] nlohmann::json status() const override;

  private:
    class job;

    [[nodiscard]] std::string purpose() const; // "makes embeddings"
    [[nodiscard]] error no_answers() const;
    [[nodiscard]] result<token_ids> tokens_of(const embed_question& asked, std::size_t index) const;
    [[nodiscard]] result<token_ids> tokens_of(const rerank_question& asked, std::size_t index) const;
    [[nodiscard]] result<std::vector<token_ids>> texts_of(const embed_question& asked) const;
    [[nodiscard]] result<std::vector<token_ids>> texts_of(const rerank_question& asked) const;
    [[nodiscard]] result<finding> compute(const job& what);
    [[nodiscard]] std::ptrdiff_t waiting() const; // that somebody still waits for; under the mutex
    void work();

    embedding_pipeline_parts parts_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<job>> queue_;
    std::shared_ptr<job> running_;
    bool stopping_ = false;
    std::uint64_t requests_ = 0, tokens_ = 0;
    std::thread worker_; // last: it uses the others
};

} // namespace tw
