// CUDA's vector types. A whole vector is read and written as one access of its size, as on a GPU, so that its alignment is checked and
// it counts as one request; a component is an access of its own.
#pragma once

typedef __SIZE_TYPE__ size_t;

struct uint3 {
    unsigned x, y, z;
};
struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#define NETC_VECTOR2(NAME, T, BYTES)                                                                                            \
    struct alignas(BYTES) NAME {                                                                                                \
        typedef T whole_type __attribute__((vector_size(BYTES)));                                                               \
        union {                                                                                                                 \
            struct {                                                                                                            \
                T x, y;                                                                                                         \
            };                                                                                                                  \
            whole_type whole;                                                                                                   \
        };                                                                                                                      \
        NAME() = default;                                                                                                       \
        NAME(T x, T y) : whole{x, y} {}                                                                                         \
        NAME(const NAME& other) : whole(other.whole) {}                                                                         \
        NAME& operator=(const NAME& other) {                                                                                    \
            whole = other.whole;                                                                                                \
            return *this;                                                                                                       \
        }                                                                                                                       \
    };                                                                                                                          \
    inline NAME make_##NAME(T x, T y) { return NAME(x, y); }

#define NETC_VECTOR4(NAME, T, BYTES)                                                                                            \
    struct alignas(BYTES) NAME {                                                                                                \
        typedef T whole_type __attribute__((vector_size(BYTES)));                                                               \
        union {                                                                                                                 \
            struct {                                                                                                            \
                T x, y, z, w;                                                                                                   \
            };                                                                                                                  \
            whole_type whole;                                                                                                   \
        };                                                                                                                      \
        NAME() = default;                                                                                                       \
        NAME(T x, T y, T z, T w) : whole{x, y, z, w} {}                                                                         \
        NAME(const NAME& other) : whole(other.whole) {}                                                                         \
        NAME& operator=(const NAME& other) {                                                                                    \
            whole = other.whole;                                                                                                \
            return *this;                                                                                                       \
        }                                                                                                                       \
    };                                                                                                                          \
    inline NAME make_##NAME(T x, T y, T z, T w) { return NAME(x, y, z, w); }

NETC_VECTOR2(float2, float, 8)
NETC_VECTOR4(float4, float, 16)
NETC_VECTOR2(int2, int, 8)
NETC_VECTOR4(int4, int, 16)
NETC_VECTOR2(uint2, unsigned, 8)
NETC_VECTOR4(uint4, unsigned, 16)
NETC_VECTOR2(double2, double, 16)
NETC_VECTOR2(uchar2, unsigned char, 2)
NETC_VECTOR4(uchar4, unsigned char, 4)
NETC_VECTOR2(ushort2, unsigned short, 4)
NETC_VECTOR4(ushort4, unsigned short, 8)

#undef NETC_VECTOR2
#undef NETC_VECTOR4
