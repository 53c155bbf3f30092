// Threads that stay between decodes, shared by the engines of this process.
#include "thread_pool.hpp"

#include <algorithm>
#include <thread>
#include <vector>

#include <ggml-backend.h>

#include "runtime.hpp"

namespace llamacpp {
namespace {

// How long a worker looks for the next graph before it sleeps, in ggml's unit (about 7 ms each): longer than a host
// takes between two decodes, and too short to warm an idle machine. Sleeping at once costs a wake-up per decode.
constexpr std::uint32_t poll = 1;

std::mutex pools_mutex;
std::vector<std::weak_ptr<thread_pool>> pools;

// A prebuilt engine has one CPU library per processor generation; its functions are found through the one in use.
template <class Function> Function* cpu_function(const char* name) {
    const auto cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (cpu == nullptr) return nullptr;
    return reinterpret_cast<Function*>(ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu), name));
}

} // namespace

std::shared_ptr<thread_pool> thread_pool::share(std::int32_t n_threads) {
    if (n_threads < 2) return nullptr;
    start_runtime();
    const auto create = cpu_function<decltype(ggml_threadpool_new)>("ggml_threadpool_new");
    const auto free = cpu_function<decltype(ggml_threadpool_free)>("ggml_threadpool_free");
    if (create == nullptr || free == nullptr) return nullptr;

    const std::lock_guard lock(pools_mutex);
    std::erase_if(pools, [](const auto& pool) { return pool.expired(); });
    std::shared_ptr<thread_pool> least_used;
    auto free_cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
    for (const auto& known : pools) {
        auto pool = known.lock();
        if (!pool) continue;
        free_cores -= pool->n_threads_;
        if (pool->n_threads_ == n_threads && (!least_used || pool.use_count() < least_used.use_count()))
            least_used = std::move(pool);
    }
    if (least_used && free_cores < n_threads) return least_used;

    auto params = ggml_threadpool_params_default(n_threads);
    params.poll = poll;
    const auto made = create(&params);
    if (made == nullptr) return nullptr;
    std::shared_ptr<thread_pool> pool(new thread_pool(made, free, n_threads));
    pools.push_back(pool);
    return pool;
}

thread_pool::~thread_pool() { free_(pool_); }

thread_pool::turn::turn(thread_pool* pool) : pool_(pool) {
    if (pool_ == nullptr) return;
    std::unique_lock lock(pool_->mutex_);
    const auto mine = pool_->asked_++;
    pool_->served_.wait(lock, [&] { return pool_->serving_ == mine; });
}

thread_pool::turn::~turn() {
    if (pool_ == nullptr) return;
    const std::lock_guard lock(pool_->mutex_);
    ++pool_->serving_;
    pool_->served_.notify_all();
}

} // namespace llamacpp
