// What threads do together: barriers, shuffles, votes, atomics, tensor cores and asynchronous copies.
#pragma once
#include "abi.h"

// The caller's line, by which two barriers are told apart.
#define NETC_LINE int line = __builtin_LINE()

inline void __syncthreads(NETC_LINE) { netc_emulated_barrier(0, 0, line); }
inline int __syncthreads_count(int predicate, NETC_LINE) { return netc_emulated_barrier(1, predicate, line); }
inline int __syncthreads_and(int predicate, NETC_LINE) { return netc_emulated_barrier(2, predicate, line); }
inline int __syncthreads_or(int predicate, NETC_LINE) { return netc_emulated_barrier(3, predicate, line); }
inline void __syncwarp(unsigned mask = 0xffffffffu, NETC_LINE) { netc_emulated_warp_barrier(mask, line); }

template <class T> T netc_emulated_shuffled(int kind, unsigned mask, T value, int argument, int width, int line) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    bits = netc_emulated_shuffle(kind, mask, bits, argument, width, line);
    __builtin_memcpy(&value, &bits, sizeof(T));
    return value;
}
template <class T> T __shfl_sync(unsigned mask, T value, int lane, int width = 32, NETC_LINE) {
    return netc_emulated_shuffled(NETC_SHUFFLE_INDEX, mask, value, lane, width, line);
}
template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, NETC_LINE) {
    return netc_emulated_shuffled(NETC_SHUFFLE_UP, mask, value, static_cast<int>(delta), width, line);
}
template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, NETC_LINE) {
    return netc_emulated_shuffled(NETC_SHUFFLE_DOWN, mask, value, static_cast<int>(delta), width, line);
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, NETC_LINE) {
    return netc_emulated_shuffled(NETC_SHUFFLE_XOR, mask, value, lanes, width, line);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, NETC_LINE) {
    return netc_emulated_vote(NETC_VOTE_BALLOT, mask, predicate, line);
}
inline int __all_sync(unsigned mask, int predicate, NETC_LINE) {
    return static_cast<int>(netc_emulated_vote(NETC_VOTE_ALL, mask, predicate, line));
}
inline int __any_sync(unsigned mask, int predicate, NETC_LINE) {
    return static_cast<int>(netc_emulated_vote(NETC_VOTE_ANY, mask, predicate, line));
}

#define NETC_REDUCE(NAME, KIND, T)                                                                                              \
    inline T NAME(unsigned mask, T value, NETC_LINE) { return static_cast<T>(netc_emulated_reduce(KIND, mask, value, line)); }
#if __CUDA_ARCH__ >= 800
NETC_REDUCE(__reduce_add_sync, NETC_REDUCE_ADD, int)
NETC_REDUCE(__reduce_add_sync, NETC_REDUCE_ADD, unsigned)
NETC_REDUCE(__reduce_min_sync, NETC_REDUCE_MIN, int)
NETC_REDUCE(__reduce_min_sync, NETC_REDUCE_MIN, unsigned)
NETC_REDUCE(__reduce_max_sync, NETC_REDUCE_MAX, int)
NETC_REDUCE(__reduce_max_sync, NETC_REDUCE_MAX, unsigned)
NETC_REDUCE(__reduce_and_sync, NETC_REDUCE_AND, unsigned)
NETC_REDUCE(__reduce_or_sync, NETC_REDUCE_OR, unsigned)
NETC_REDUCE(__reduce_xor_sync, NETC_REDUCE_XOR, unsigned)
#endif
#undef NETC_REDUCE

#define NETC_ATOMIC(NAME, KIND, T)                                                                                              \
    inline T NAME(T* address, T operand) {                                                                                      \
        return static_cast<T>(netc_emulated_atomic(KIND, address, sizeof(T), static_cast<unsigned long long>(operand), 0));     \
    }
NETC_ATOMIC(atomicAdd, NETC_ATOMIC_ADD, int)
NETC_ATOMIC(atomicAdd, NETC_ATOMIC_ADD, unsigned)
NETC_ATOMIC(atomicAdd, NETC_ATOMIC_ADD, unsigned long long)
NETC_ATOMIC(atomicMin, NETC_ATOMIC_MIN, int)
NETC_ATOMIC(atomicMin, NETC_ATOMIC_UMIN, unsigned)
NETC_ATOMIC(atomicMax, NETC_ATOMIC_MAX, int)
NETC_ATOMIC(atomicMax, NETC_ATOMIC_UMAX, unsigned)
NETC_ATOMIC(atomicAnd, NETC_ATOMIC_AND, int)
NETC_ATOMIC(atomicAnd, NETC_ATOMIC_AND, unsigned)
NETC_ATOMIC(atomicOr, NETC_ATOMIC_OR, int)
NETC_ATOMIC(atomicOr, NETC_ATOMIC_OR, unsigned)
NETC_ATOMIC(atomicXor, NETC_ATOMIC_XOR, int)
NETC_ATOMIC(atomicXor, NETC_ATOMIC_XOR, unsigned)
NETC_ATOMIC(atomicExch, NETC_ATOMIC_EXCHANGE, int)
NETC_ATOMIC(atomicExch, NETC_ATOMIC_EXCHANGE, unsigned)
NETC_ATOMIC(atomicExch, NETC_ATOMIC_EXCHANGE, unsigned long long)
NETC_ATOMIC(atomicInc, NETC_ATOMIC_INC, unsigned)
NETC_ATOMIC(atomicDec, NETC_ATOMIC_DEC, unsigned)
#undef NETC_ATOMIC
inline int atomicSub(int* address, int operand) { return atomicAdd(address, -operand); }
inline unsigned atomicSub(unsigned* address, unsigned operand) { return atomicAdd(address, 0u - operand); }
#define NETC_ATOMIC_CAS(T)                                                                                                      \
    inline T atomicCAS(T* address, T compare, T value) {                                                                        \
        return static_cast<T>(netc_emulated_atomic(NETC_ATOMIC_COMPARE, address, sizeof(T), static_cast<unsigned long long>(value), \
                                                   static_cast<unsigned long long>(compare)));                                  \
    }
NETC_ATOMIC_CAS(int)
NETC_ATOMIC_CAS(unsigned)
NETC_ATOMIC_CAS(unsigned long long)
#undef NETC_ATOMIC_CAS

inline void __threadfence() { netc_emulated_fence(); }
inline void __threadfence_block() {}
inline void __threadfence_system() { netc_emulated_fence(); }
[[noreturn]] inline void __trap(NETC_LINE) { netc_emulated_trap("__trap()", line); }
#define assert(condition) ((condition) ? void(0) : netc_emulated_trap("assertion failed: " #condition, __LINE__))

// The wrappers that the runtime's prelude writes in PTX for a GPU.
namespace netc {
#if __CUDA_ARCH__ >= 800
inline void mma_tf32(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2], NETC_LINE) {
    netc_emulated_mma(NETC_MMA_TF32_M16N8K8, c, a, b, line);
}
inline void mma_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2], NETC_LINE) {
    netc_emulated_mma(NETC_MMA_BF16_M16N8K16, c, a, b, line);
}
inline void copy_async_16(void* shared, const void* global, bool valid, NETC_LINE) {
    netc_emulated_copy_async(shared, global, 16, valid, line);
}
inline void copy_async_4(void* shared, const void* global, bool valid, NETC_LINE) {
    netc_emulated_copy_async(shared, global, 4, valid, line);
}
inline void copy_async_commit() { netc_emulated_copy_async_commit(); }
template <int N> void copy_async_wait() { netc_emulated_copy_async_wait(N); }

/// `cvt.rna.tf32.f32`: to 10 bits of mantissa, ties away from zero.
inline unsigned to_tf32(float value) {
    const unsigned bits = __float_as_uint(value);
    const bool finite = (bits & 0x7f800000u) != 0x7f800000u;
    return finite ? (bits + 0x1000u) & 0xffffe000u : bits & 0xffffe000u;
}
/// `cvt.rn.bf16x2.f32`: `lo` in the lower half.
inline unsigned pack_bf16(float lo, float hi) {
    const auto rounded = [](float value) {
        const unsigned bits = __float_as_uint(value);
        if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fffu;
        return (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
    };
    return rounded(hi) << 16 | rounded(lo);
}
#else
inline void copy_async_16(void* shared, const void* global, bool valid) {
    *static_cast<float4*>(shared) = valid ? *static_cast<const float4*>(global) : float4(0, 0, 0, 0);
}
inline void copy_async_4(void* shared, const void* global, bool valid) {
    *static_cast<float*>(shared) = valid ? *static_cast<const float*>(global) : 0.0f;
}
inline void copy_async_commit() {}
template <int N> void copy_async_wait() {}
#endif
} // namespace netc
#undef NETC_LINE
