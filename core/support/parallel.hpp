// Fixed-size chunks of work spread over threads.
//
// Determinism: chunk boundaries depend on the data only, never on the number of
// threads, and every kernel either writes disjoint outputs or adds integers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <stdexcept>

// WebAssembly has no threads unless a page asks for them, and no exceptions to carry from one to the other.
#if defined(__wasm__) && !defined(__EMSCRIPTEN__)
#define HUEPRESS_ONE_THREAD
#else
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>
#endif

namespace huepress {

// Asked between iterations; returns true when the caller wants to stop (Ctrl-C).
using StopRequested = std::function<bool()>;

struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("interrupted") {}
};

inline void check_stop(const StopRequested& stop_requested) {
    if (stop_requested && stop_requested()) throw Interrupted();
}

inline constexpr std::size_t kChunkSize = 16384;

inline std::size_t chunk_count(std::size_t n_items) { return (n_items + kChunkSize - 1) / kChunkSize; }

// The number of threads worth starting for n_items.
inline int useful_threads(std::size_t n_items, int n_threads) {
    const std::size_t n = std::max<std::size_t>(1, chunk_count(n_items));
    return static_cast<int>(std::min<std::size_t>(n, static_cast<std::size_t>(std::max(1, n_threads))));
}

// Calls work(thread, task) for every task in [0, n_tasks). The first exception ends the work and
// is passed on; where the system refuses a thread, fewer do the work.
template <class Work>
void run_tasks(std::size_t n_tasks, int n_threads, Work&& work) {
#if defined(HUEPRESS_ONE_THREAD)
    static_cast<void>(n_threads);
    for (std::size_t task = 0; task < n_tasks; ++task) work(0, task);
#else
    const int threads =
        static_cast<int>(std::min<std::size_t>(n_tasks, static_cast<std::size_t>(std::max(1, n_threads))));
    if (threads <= 1) {
        for (std::size_t task = 0; task < n_tasks; ++task) work(0, task);
        return;
    }
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex failure_lock;
    auto loop = [&](int thread) {
        try {
            for (std::size_t task; (task = next.fetch_add(1)) < n_tasks;) work(thread, task);
        } catch (...) {
            next = n_tasks;
            const std::lock_guard guard(failure_lock);
            if (!failure) failure = std::current_exception();
        }
    };
    std::vector<std::thread> pool;
    pool.reserve(static_cast<std::size_t>(threads));
    for (int t = 1; t < threads; ++t) {
        try {
            pool.emplace_back(loop, t);
        } catch (const std::system_error&) {
            break;
        }
    }
    loop(0);
    for (std::thread& t : pool) t.join();
    if (failure) std::rethrow_exception(failure);
#endif
}

template <class Work>
void for_each_task(std::size_t n_tasks, int n_threads, Work&& work) {
    run_tasks(n_tasks, n_threads, [&](int, std::size_t task) { work(task); });
}

// Calls work(thread, chunk, begin, end) for every chunk of kChunkSize items.
template <class Work>
void for_each_chunk(std::size_t n_items, int n_threads, Work&& work) {
    run_tasks(chunk_count(n_items), n_threads, [&](int thread, std::size_t chunk) {
        const std::size_t begin = chunk * kChunkSize;
        work(thread, chunk, begin, std::min(n_items, begin + kChunkSize));
    });
}

}  // namespace huepress
