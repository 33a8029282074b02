// The scheduler: every block of a grid, every thread of a block.
#include "device/block.h"
#include "device/count.h"
#include "device/race.h"
#include "device/report.h"
#include "device/shared.h"
#include <algorithm>
#include <numeric>

netc_emulated_state netc_emulated;

namespace emulated {

Block* const block_at_work = new Block;
uintptr_t local_memory = 0;

uint64_t Shuffle::next() { // splitmix64 (Steele, Lea, Flood 2014)
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void Shuffle::order(std::vector<uint32_t>& order, size_t count) {
    order.resize(count);
    std::iota(order.begin(), order.end(), 0u);
    if (config().order == Order::Reverse) std::reverse(order.begin(), order.end());
    if (config().order != Order::Random) return;
    for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[next() % i]);
}

void suspend(ThreadState state) {
    Block& b = block();
    Thread& thread = *b.current;
    thread.state = state;
    switch_to(thread.fiber, b.scheduler);
}

namespace {

/// The first and only function on a fiber's stack.
void thread_main() {
    Launch& launch = block().launch;
    launch.kernel->invoke(launch.arguments);
    suspend(ThreadState::Done);
}

void resume(Thread& thread) {
    Block& b = block();
    if (thread.state == ThreadState::Fresh) {
        thread.fiber.stack = b.stacks.take();
        prepare(thread.fiber, thread_main);
    }
    thread.state = ThreadState::Ready;
    b.current = &thread;
    netc_emulated.thread = thread.index;
    local_memory = reinterpret_cast<uintptr_t>(thread.fiber.stack);
    start_thread_of_races(thread.linear);
    switch_to(b.scheduler, thread.fiber);
    b.current = nullptr;
    if (thread.state != ThreadState::Done) return;
    b.stacks.give_back(thread.fiber.stack);
    thread.fiber.stack = nullptr;
}

bool runnable(const Thread& thread) { return thread.state == ThreadState::Fresh || thread.state == ThreadState::Ready; }

/// Lanes of one warp, until all of them wait for the block or are done. False: the launch has failed.
bool run_warp(unsigned warp, Shuffle& shuffle, std::vector<uint32_t>& order) {
    Block& b = block();
    do {
        shuffle.order(order, 32);
        for (uint32_t lane : order) {
            Thread* thread = b.lane(warp, lane);
            if (thread == nullptr || !runnable(*thread)) continue;
            resume(*thread);
            if (b.launch.error != NoError) return false;
        }
        if (b.launch.count) count_warp();
    } while (serve_warp(warp));
    return b.launch.error == NoError;
}

void start_block(unsigned count) {
    Block& b = block();
    for (unsigned i = 0; i < count; ++i) {
        Thread& thread = b.threads[i];
        thread.state = ThreadState::Fresh;
        thread.copies.clear();
        thread.groups = 0;
    }
    start_shared_memory();
    start_block_of_races();
}

bool run_block(Shuffle& shuffle) {
    static std::vector<uint32_t> warps, lanes;
    Block& b = block();
    start_block(b.count);
    do {
        shuffle.order(warps, b.warps());
        for (uint32_t warp : warps)
            if (!run_warp(warp, shuffle, lanes)) return false;
    } while (serve_barrier());
    return b.launch.error == NoError;
}

void place_threads(const Launch& launch) {
    Block& b = block();
    b.count = launch.threads();
    if (b.threads.size() < b.count) b.threads.resize(b.count);
    unsigned i = 0;
    for (unsigned z = 0; z < launch.block.z; ++z)
        for (unsigned y = 0; y < launch.block.y; ++y)
            for (unsigned x = 0; x < launch.block.x; ++x, ++i) {
                b.threads[i].index = {x, y, z};
                b.threads[i].linear = i;
            }
}

/// After a failure threads are left where they are: their stacks are all that must be had back.
void drop_threads() {
    Block& b = block();
    for (Thread& thread : b.threads) {
        if (thread.fiber.stack != nullptr) b.stacks.give_back(thread.fiber.stack);
        thread.fiber.stack = nullptr;
    }
}

} // namespace

LaunchError run(const Launch& launch) {
    Block& b = block();
    b.launch = launch;
    place_threads(launch);
    netc_emulated.block_size = launch.block;
    netc_emulated.grid_size = launch.grid;
    start_launch_of_races();
    if (b.launch.count) start_counting();
    static std::vector<uint32_t> blocks;
    Shuffle shuffle(config().seed);
    shuffle.order(blocks, launch.blocks());
    for (uint32_t i : blocks) {
        netc_emulated.block = {i % launch.grid.x, i / launch.grid.x % launch.grid.y, i / launch.grid.x / launch.grid.y};
        if (!run_block(shuffle)) break;
    }
    drop_threads();
    return b.launch.error;
}

} // namespace emulated
