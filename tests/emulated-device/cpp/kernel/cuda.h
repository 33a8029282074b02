// CUDA C++ as g++ can read it: this file stands before every kernel that the emulated NVRTC compiles.
#pragma once

#define NETC_EMULATED 1
#define __CUDACC__ 1
#define __CUDACC_RTC__ 1

#define __global__ __attribute__((noinline))
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)
#define __constant__
// One copy for the thread of the operating system that runs a block; its place in the library's block of thread-local data tells shared
// memory from everything else.
#define __shared__ static thread_local

#include "types.h"
#include "math.h"
#include "collective.h"

#define threadIdx (netc_emulated.thread)
#define blockIdx (netc_emulated.block)
#define blockDim (netc_emulated.block_size)
#define gridDim (netc_emulated.grid_size)
constexpr int warpSize = 32;

template <class T> T __ldg(const T* address) { return *address; }
template <class T> T __ldcg(const T* address) { return *address; }
template <class T> T __ldcs(const T* address) { return *address; }
template <class T> void __stcg(T* address, T value) { *address = value; }
template <class T> void __stcs(T* address, T value) { *address = value; }

// The library's own symbols: see device/module.h.
static thread_local char netc_emulated_shared_anchor;
extern "C" __attribute__((visibility("default"))) void* netc_emulated_shared() { return &netc_emulated_shared_anchor; }

template <class T> struct netc_emulated_plain { typedef T type; };
template <class T> struct netc_emulated_plain<const T> { typedef T type; };
template <class T> struct netc_emulated_plain<T* __restrict> { typedef T* type; };
template <class T> struct netc_emulated_plain<T* const __restrict> { typedef T* type; };

template <unsigned... I> struct netc_emulated_indices {};
template <unsigned N, unsigned... I> struct netc_emulated_count : netc_emulated_count<N - 1, N - 1, I...> {};
template <unsigned... I> struct netc_emulated_count<0, I...> { typedef netc_emulated_indices<I...> type; };

template <auto Kernel> struct netc_emulated_launch;
template <class... A, void (*Kernel)(A...)> struct netc_emulated_launch<Kernel> {
    static constexpr unsigned bytes[sizeof...(A) + 1] = {sizeof(A)..., 0};
    // Arguments are the host's memory: not instrumented.
    template <unsigned... I> __attribute__((no_sanitize("thread"))) static void call(void** arguments, netc_emulated_indices<I...>) {
        Kernel(*static_cast<typename netc_emulated_plain<A>::type*>(arguments[I])...);
    }
    static void invoke(void** arguments) { call(arguments, typename netc_emulated_count<sizeof...(A)>::type()); }
    static constexpr unsigned count = sizeof...(A);
};

#define NETC_EMULATED_KERNEL(NAME, QUALIFIED, THREADS)                                                                          \
    extern "C" __attribute__((visibility("default"))) const netc_emulated_kernel netc_emulated_kernel_##NAME;                   \
    const netc_emulated_kernel netc_emulated_kernel_##NAME = {#NAME, netc_emulated_launch<&QUALIFIED>::invoke,                  \
                                                              netc_emulated_launch<&QUALIFIED>::bytes,                          \
                                                              netc_emulated_launch<&QUALIFIED>::count, THREADS};
