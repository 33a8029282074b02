// What a compiled kernel and the device say to each other. Plain C: kernels are built without the standard library's headers.
#pragma once

#pragma GCC visibility push(default)
extern "C" {

struct netc_emulated_index {
    unsigned x, y, z;
};

/// Who runs: set by the device before a thread goes on.
struct netc_emulated_state {
    netc_emulated_index thread, block, block_size, grid_size;
};
extern netc_emulated_state netc_emulated;

/// What a kernel's library tells about each of its kernels, as symbol `netc_emulated_kernel_NAME`.
struct netc_emulated_kernel {
    const char* name;
    void (*invoke)(void** arguments);
    const unsigned* argument_bytes;
    unsigned arguments;
    unsigned max_threads; // of `__launch_bounds__`
};

// `line` is the line of the kernel's text everywhere below.

/// `__syncthreads`, and with `kind` 1, 2, 3 `__syncthreads_count`, `_and`, `_or`.
int netc_emulated_barrier(int kind, int predicate, int line);
void netc_emulated_warp_barrier(unsigned mask, int line);

enum { NETC_SHUFFLE_INDEX, NETC_SHUFFLE_UP, NETC_SHUFFLE_DOWN, NETC_SHUFFLE_XOR };
unsigned long long netc_emulated_shuffle(int kind, unsigned mask, unsigned long long value, int argument, int width, int line);

enum { NETC_VOTE_BALLOT, NETC_VOTE_ALL, NETC_VOTE_ANY };
unsigned netc_emulated_vote(int kind, unsigned mask, int predicate, int line);

enum { NETC_REDUCE_ADD, NETC_REDUCE_MIN, NETC_REDUCE_MAX, NETC_REDUCE_AND, NETC_REDUCE_OR, NETC_REDUCE_XOR };
/// Sign-extended or zero-extended 32-bit values, so that one comparison serves both.
long long netc_emulated_reduce(int kind, unsigned mask, long long value, int line);

enum { NETC_MMA_TF32_M16N8K8, NETC_MMA_BF16_M16N8K16 };
/// `c` 4 floats, `a` 4 and `b` 2 registers, as PTX lays out the fragments.
void netc_emulated_mma(int kind, float* c, const unsigned* a, const unsigned* b, int line);

/// The bytes arrive in `shared` at the wait that covers them, not before.
void netc_emulated_copy_async(void* shared, const void* global, unsigned bytes, int valid, int line);
void netc_emulated_copy_async_commit(void);
void netc_emulated_copy_async_wait(int groups_left);

enum {
    NETC_ATOMIC_ADD, NETC_ATOMIC_MIN, NETC_ATOMIC_MAX, NETC_ATOMIC_UMIN, NETC_ATOMIC_UMAX, NETC_ATOMIC_AND, NETC_ATOMIC_OR,
    NETC_ATOMIC_XOR, NETC_ATOMIC_EXCHANGE, NETC_ATOMIC_COMPARE, NETC_ATOMIC_INC, NETC_ATOMIC_DEC
};
/// The value before. `bytes` is 4 or 8.
unsigned long long netc_emulated_atomic(int kind, void* address, unsigned bytes, unsigned long long operand, unsigned long long compare);

void netc_emulated_fence(void);
[[noreturn]] void netc_emulated_trap(const char* what, int line);
}
#pragma GCC visibility pop
