// Threads that stay between decodes, shared by the engines of this process that would fight for the same cores.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include <ggml-cpu.h>

namespace llamacpp {

// One engine's workers poll for a while after each decode, so a second set of them would take the cores from the
// first: engines share a pool as long as the processor has no room for another one of that many threads.
class thread_pool {
  public:
    // Null when one thread needs no workers, or when the processor's backend offers no pools. The workers end with
    // the last holder, which must free its context first. Any thread.
    static std::shared_ptr<thread_pool> share(std::int32_t n_threads);

    ~thread_pool();
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;

    [[nodiscard]] ggml_threadpool_t get() const { return pool_; }

    // The right to compute on the pool while it lives; waits for those that asked earlier. Null needs no right.
    //
    // Why a context is never taken off the pool for the sake of one decode: libllama pauses a pool that a context
    // leaves, and workers paused while another context computes never join its barrier. Waiting is also the faster
    // way, because ggml's threads spin. It is in order of asking, so that a quick model cannot starve a slow one.
    class turn {
      public:
        explicit turn(thread_pool* pool);
        ~turn();
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;

      private:
        thread_pool* pool_;
    };

  private:
    thread_pool(ggml_threadpool_t pool, void (*free)(ggml_threadpool_t), std::int32_t n_threads)
        : pool_(pool), free_(free), n_threads_(n_threads) {}

    ggml_threadpool_t pool_;
    void (*free_)(ggml_threadpool_t);
    std::int32_t n_threads_;

    std::mutex mutex_;
    std::condition_variable served_;
    std::uint64_t asked_ = 0, serving_ = 0;
};

} // namespace llamacpp
