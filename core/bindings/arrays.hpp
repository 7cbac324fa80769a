// What all bindings share; with them the only files that know nanobind.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "support/parallel.hpp"

namespace nb = nanobind;

namespace huepress {

template <class T, int N>
using In = nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<nb::numpy, T>;

// Hands a vector's memory to NumPy without a copy.
template <class T>
Out<T> to_numpy(std::vector<T>&& values, std::vector<std::size_t> shape) {
    auto* owner = new std::vector<T>(std::move(values));
    nb::capsule capsule(owner, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return Out<T>(owner->data(), shape.size(), shape.data(), capsule);
}

// Uninitialized memory for kernels that fill all of it.
template <class T>
Out<T> allocate(std::size_t n, T** data) {
    auto* owner = new T[n];
    *data = owner;
    nb::capsule capsule(owner, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return Out<T>(owner, {n}, capsule);
}

inline void require(bool condition, const char* message) {
    if (!condition) throw nb::value_error(message);
}

// Refuses NaN and infinity: comparisons with them never end a search.
inline void require_finite(double value, const char* message) { require(std::isfinite(value), message); }

template <class... Config>
void require_finite(const nb::ndarray<const float, Config...>& values, const char* message) {
    const float* data = values.data();
    bool finite = true;
    for (std::size_t i = 0; i < values.size(); ++i) finite &= std::isfinite(data[i]);
    require(finite, message);
}

// Runs work without the GIL, polling for Ctrl-C at most every 50 ms; `on_poll` may run Python then.
template <class Work>
auto without_gil(Work&& work, const std::function<void()>& on_poll = {}) {
    auto last = std::chrono::steady_clock::now();
    const StopRequested stop_requested = [&last, &on_poll] {
        const auto now = std::chrono::steady_clock::now();
        if (now - last < std::chrono::milliseconds(50)) return false;
        last = now;
        nb::gil_scoped_acquire gil;
        if (PyErr_CheckSignals() != 0) return true;
        try {
            if (on_poll) on_poll();
        } catch (nb::python_error& error) {
            error.restore();
            return true;
        }
        return false;
    };
    try {
        nb::gil_scoped_release release;
        return work(stop_requested);
    } catch (const Interrupted&) {
        throw nb::python_error();  // the exception that the signal handler set
    }
}

void bind_batch(nb::module_& m);
void bind_search(nb::module_& m);
void bind_segmentation(nb::module_& m);
void bind_still(nb::module_& m);

}  // namespace huepress
