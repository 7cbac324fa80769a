// A few numbers that are computed with at once. GCC and Clang have types for that (SSE, AVX2, NEON); for other
// compilers, and for HUEPRESS_PORTABLE, there are arrays in plain C++. Both do the same IEEE 754 operations on every
// number, so their results are equal bit by bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#if !defined(__GNUC__) && !defined(__clang__) && !defined(HUEPRESS_PORTABLE)
#define HUEPRESS_PORTABLE
#endif

namespace huepress {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Functions here are static: what one instruction set's kernels make of them must not serve the others. The plain
// vectors' are not, since with them there is one instruction set only.
#if defined(HUEPRESS_PORTABLE)

namespace plain {

template <std::size_t Bytes>
struct MaskOf;
template <>
struct MaskOf<1> {
    using type = std::int8_t;
};
template <>
struct MaskOf<4> {
    using type = std::int32_t;
};
template <>
struct MaskOf<8> {
    using type = std::int64_t;
};

template <class T, int N>
struct Vector {
    using Value = T;
    static constexpr int kLanes = N;
    using Mask = Vector<typename MaskOf<sizeof(T)>::type, N>;

    T lane[N];

    T& operator[](std::size_t i) { return lane[i]; }
    const T& operator[](std::size_t i) const { return lane[i]; }

    static Vector all(T value) {
        Vector v;
        for (int i = 0; i < N; ++i) v.lane[i] = value;
        return v;
    }

    friend Vector operator-(const Vector& a) {
        Vector v;
        for (int i = 0; i < N; ++i) v.lane[i] = -a.lane[i];
        return v;
    }

#define HUEPRESS_OPERATOR(op)                                                           \
    friend Vector operator op(const Vector& a, const Vector& b) {                       \
        Vector v;                                                                       \
        for (int i = 0; i < N; ++i) v.lane[i] = static_cast<T>(a.lane[i] op b.lane[i]); \
        return v;                                                                       \
    }                                                                                   \
    friend Vector operator op(const Vector& a, T b) { return a op all(b); }             \
    friend Vector operator op(T a, const Vector& b) { return all(a) op b; }             \
    friend Vector& operator op## = (Vector & a, const Vector& b) { return a = a op b; } \
    friend Vector& operator op## = (Vector & a, T b) { return a = a op b; }
    HUEPRESS_OPERATOR(+)
    HUEPRESS_OPERATOR(-)
    HUEPRESS_OPERATOR(*)
    HUEPRESS_OPERATOR(/)
    HUEPRESS_OPERATOR(&)
    HUEPRESS_OPERATOR(|)
    HUEPRESS_OPERATOR(<<)
    HUEPRESS_OPERATOR(>>)
#undef HUEPRESS_OPERATOR

// All bits of a lane where it holds, none where it does not.
#define HUEPRESS_COMPARISON(op)                                                     \
    friend Mask operator op(const Vector& a, const Vector& b) {                     \
        Mask mask;                                                                  \
        for (int i = 0; i < N; ++i) mask.lane[i] = a.lane[i] op b.lane[i] ? -1 : 0; \
        return mask;                                                                \
    }                                                                               \
    friend Mask operator op(const Vector& a, T b) { return a op all(b); }
    HUEPRESS_COMPARISON(<)
    HUEPRESS_COMPARISON(>)
    HUEPRESS_COMPARISON(==)
#undef HUEPRESS_COMPARISON
};

}  // namespace plain

template <class T, int N>
using Vector = plain::Vector<T, N>;

// a where the mask is set, b elsewhere.
template <class Mask, class V>
static inline V select(const Mask& mask, const V& a, const V& b) {
    V v;
    for (int i = 0; i < V::kLanes; ++i) v[i] = mask[i] ? a[i] : b[i];
    return v;
}

// Every number as another type of number.
template <class To, class From>
static inline To convert(const From& from) {
    To to;
    for (int i = 0; i < To::kLanes; ++i) to[i] = static_cast<typename To::Value>(from[i]);
    return to;
}

#else

template <class T, int N>
struct CompilersVector {
    typedef T type __attribute__((vector_size(sizeof(T) * N)));
};
template <class T, int N>
using Vector = typename CompilersVector<T, N>::type;

template <class Mask, class V>
static inline V select(Mask mask, V a, V b) {
    return mask ? a : b;
}

template <class To, class From>
static inline To convert(From from) {
    return __builtin_convertvector(from, To);
}

#endif

template <class To, class From>
static inline To same_bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

// From and to any address.
template <class V, class T>
static inline V load(const T* from) {
    V v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

template <class V, class T>
static inline void store(T* to, V v) {
    std::memcpy(to, &v, sizeof v);
}

template <class V, class T>
static inline V splat(T x) {
    return V{} + x;
}

}  // namespace huepress
