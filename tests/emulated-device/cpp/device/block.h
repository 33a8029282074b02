// A block of threads at work: who is where, and who waits for what.
#pragma once
#include "device/config.h"
#include "device/fiber.h"
#include "device/memory.h"
#include "device/module.h"
#include "kernel/abi.h"
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace emulated {

enum class ThreadState : uint8_t { Fresh, Ready, AtBarrier, AtWarp, Done };

/// What the lanes of a warp do together.
enum class WarpOperation : uint8_t { Barrier, Shuffle, Vote, Reduce, Mma };

/// A lane's part in a warp's operation, while it waits and when it goes on.
struct WarpRequest {
    WarpOperation operation;
    int kind;
    unsigned mask;
    uint64_t value; // in: what it gives; out: what it gets
    int argument, width;
    int line;
    float* c;
    const unsigned *a, *b;
};

/// An asynchronous copy under way; `group` counts the thread's commits.
struct AsyncCopy {
    void* shared;
    const void* global;
    unsigned bytes;
    bool valid;
    unsigned group;
};

struct Thread {
    Fiber fiber;
    netc_emulated_index index{};
    unsigned linear = 0;
    ThreadState state = ThreadState::Fresh;
    int barrier_kind = 0, barrier_value = 0, line = 0;
    WarpRequest warp{};
    std::vector<AsyncCopy> copies;
    unsigned groups = 0; // committed
};

/// CUresult values that a kernel can end in.
enum LaunchError { NoError = 0, IllegalAddress = 700, AssertionFailed = 710, MisalignedAddress = 716, LaunchFailed = 719 };

/// One kernel at work on one grid. There is one at a time.
struct Launch {
    const Module* module = nullptr;
    const netc_emulated_kernel* kernel = nullptr;
    void** arguments = nullptr;
    netc_emulated_index grid{}, block{};
    Arena* memory = nullptr;
    const Arena* pinned = nullptr;
    uintptr_t shared_base = 0;
    size_t shared_bytes = 0;
    LaunchError error = NoError;
    bool races = config().races, count = config().count; // as when it began

    unsigned threads() const { return block.x * block.y * block.z; }
    uint64_t blocks() const { return uint64_t{grid.x} * grid.y * grid.z; }
};

struct Block {
    Launch launch;
    std::vector<Thread> threads; // those of the launch at hand come first
    unsigned count = 0;
    Thread* current = nullptr; // null: the scheduler runs
    Fiber scheduler;
    Stacks stacks;
    uint64_t random = 0;

    unsigned warps() const { return (count + 31) / 32; }
    Thread* lane(unsigned warp, unsigned lane) { return warp * 32 + lane < count ? &threads[warp * 32 + lane] : nullptr; }
};

/// The block at work. Never destroyed: the process may end in any order.
extern Block* const block_at_work;
inline Block& block() { return *block_at_work; }

/// The stack of the thread at work, by its lowest address.
extern uintptr_t local_memory;

/// Runs the whole grid; what went wrong is reported and in `launch.error`.
LaunchError run(const Launch& launch);

/// Gives the processor to the scheduler until the thread's state is Ready again.
void suspend(ThreadState state);

/// Serves what the lanes of a warp wait for, as far as all that belong to it have come. True: some go on.
bool serve_warp(unsigned warp);

/// Serves the barrier of the block once all threads have come. True: they go on.
bool serve_barrier();

/// The block, thread by thread, in the order that the configuration asks for.
class Shuffle {
  public:
    explicit Shuffle(uint64_t seed) : state_(seed) {}
    uint64_t next();
    /// 0 ... count - 1 in the order of `config()`.
    void order(std::vector<uint32_t>& order, size_t count);

  private:
    uint64_t state_;
};

} // namespace emulated
