// Arithmetic. The fast intrinsics (`__expf` ...) are computed exactly here: an emulator cannot show their error on a GPU.
#pragma once

extern "C" {
float expf(float) noexcept; float exp2f(float) noexcept; float exp10f(float) noexcept; float expm1f(float) noexcept;
float logf(float) noexcept; float log2f(float) noexcept; float log10f(float) noexcept; float log1pf(float) noexcept;
float sinf(float) noexcept; float cosf(float) noexcept; float tanf(float) noexcept; float tanhf(float) noexcept;
float sinhf(float) noexcept; float coshf(float) noexcept; float atanf(float) noexcept; float atan2f(float, float) noexcept;
float erff(float) noexcept; float erfcf(float) noexcept; float sqrtf(float) noexcept; float cbrtf(float) noexcept;
float powf(float, float) noexcept; float fmodf(float, float) noexcept; float fmaf(float, float, float) noexcept;
float fmaxf(float, float) noexcept; float fminf(float, float) noexcept; float fabsf(float) noexcept;
float floorf(float) noexcept; float ceilf(float) noexcept; float truncf(float) noexcept; float roundf(float) noexcept;
float rintf(float) noexcept; float nearbyintf(float) noexcept; float copysignf(float, float) noexcept; float ldexpf(float, int) noexcept;
double exp(double) noexcept; double log(double) noexcept; double sqrt(double) noexcept; double tanh(double) noexcept;
double erf(double) noexcept; double pow(double, double) noexcept; double fma(double, double, double) noexcept;
double fmax(double, double) noexcept; double fmin(double, double) noexcept; double fabs(double) noexcept;
double floor(double) noexcept; double ceil(double) noexcept; double sin(double) noexcept; double cos(double) noexcept;
void* memcpy(void*, const void*, size_t) noexcept;
void* memset(void*, int, size_t) noexcept;
int printf(const char*, ...);
}

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float fdividef(float a, float b) { return a / b; }
inline float __fdividef(float a, float b) { return a / b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frsqrt_rn(float x) { return 1.0f / sqrtf(x); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return exp10f(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __log10f(float x) { return log10f(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __saturatef(float x) { return fminf(fmaxf(x, 0.0f), 1.0f); }

template <class T, class S> constexpr T netc_emulated_bits(S value) { return __builtin_bit_cast(T, value); }
inline float __int_as_float(int x) { return netc_emulated_bits<float>(x); }
inline float __uint_as_float(unsigned x) { return netc_emulated_bits<float>(x); }
inline int __float_as_int(float x) { return netc_emulated_bits<int>(x); }
inline unsigned __float_as_uint(float x) { return netc_emulated_bits<unsigned>(x); }
inline double __longlong_as_double(long long x) { return netc_emulated_bits<double>(x); }
inline long long __double_as_longlong(double x) { return netc_emulated_bits<long long>(x); }

inline int __float2int_rn(float x) { return static_cast<int>(rintf(x)); }
inline int __float2int_rz(float x) { return static_cast<int>(x); }
inline int __float2int_rd(float x) { return static_cast<int>(floorf(x)); }
inline int __float2int_ru(float x) { return static_cast<int>(ceilf(x)); }
inline unsigned __float2uint_rn(float x) { return static_cast<unsigned>(rintf(x)); }
inline unsigned __float2uint_rz(float x) { return static_cast<unsigned>(x); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>((static_cast<unsigned long long>(a) * b) >> 32); }
inline int __mulhi(int a, int b) { return static_cast<int>((static_cast<long long>(a) * b) >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>((static_cast<unsigned __int128>(a) * b) >> 64);
}
inline unsigned __brev(unsigned x) {
    unsigned reversed = 0;
    for (int bit = 0; bit < 32; ++bit, x >>= 1) reversed = reversed << 1 | (x & 1);
    return reversed;
}
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
    const unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
    unsigned result = 0;
    for (int i = 0; i < 4; ++i) result |= static_cast<unsigned>(bytes >> (8 * (selector >> 4 * i & 7)) & 255) << 8 * i;
    return result;
}

inline int abs(int x) { return __builtin_abs(x); }
inline bool isnan(float x) { return __builtin_isnan(x); }
inline bool isinf(float x) { return __builtin_isinf(x); }
inline bool isfinite(float x) { return __builtin_isfinite(x); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline float min(float a, float b) { return fminf(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
#define NETC_MIN_MAX(T)                                                                                                         \
    constexpr T max(T a, T b) { return a < b ? b : a; }                                                                         \
    constexpr T min(T a, T b) { return b < a ? b : a; }
NETC_MIN_MAX(int)
NETC_MIN_MAX(unsigned)
NETC_MIN_MAX(long)
NETC_MIN_MAX(unsigned long)
NETC_MIN_MAX(long long)
NETC_MIN_MAX(unsigned long long)
#undef NETC_MIN_MAX
