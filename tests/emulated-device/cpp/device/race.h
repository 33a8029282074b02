// Races: two threads touch one place, one of them writes, and no barrier lies between. Every word keeps a stamp of who wrote it last and
// of who has read it since, and when; a clock ticks at every barrier. Smaller accesses to shared memory have a stamp a byte.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace emulated {

// A stamp: when (20 bits), whether by an atomic, and who: a thread (0 ... 1023), several lanes of warp w (1024 + w), or threads of several
// warps. A later stamp is a greater number.
constexpr unsigned who_bits = 12;
constexpr uint32_t lanes_of = 1024, several_warps = lanes_of + 32, by_atomic = 1u << (who_bits - 1);

/// The clock, and since when what was done is ordered before now: the first stamps of the launch, of its block, and since its last barrier.
struct RaceClock {
    uint32_t now = 1;
    uint32_t launch = 0, block = 0, phase = 0, warps[32] = {};
    uint32_t mine = 0; // what the thread at work leaves
    bool fenced = false, acquired = false;
    std::vector<uint32_t> shared_writers, shared_readers;
};
extern RaceClock race_clock;

void start_launch_of_races();
void start_block_of_races();
/// The thread goes on.
inline void start_thread_of_races(unsigned thread) { race_clock.mine = race_clock.now << who_bits | thread; }
/// A barrier: what the block's, or the warp's, threads did until now is ordered before what comes.
void order_block();
void order_warp(unsigned warp);
/// `__threadfence`, after which an atomic of another block (`acquire_grid`) may take over what was written: from then on that block is
/// not held against the others.
void order_grid();
void acquire_grid();

/// The stamp of several threads of whom some are not ordered before the thread at work, when it joins them.
uint32_t joined(uint32_t stamp);
/// As `check_race` below. Atomics are not ordered among each other and need not be.
void check_race_of_atomic(uint32_t& writer, uint32_t reader, bool shared, const void* site);
/// Fails the launch if the thread's access and that of the stamp are not ordered.
void refuse_unordered(uint32_t stamp, bool write, bool wrote, bool shared, const void* site);

/// Checks and notes an access of the thread at work to a place with these stamps.
inline void check_race(uint32_t& writer, uint32_t& reader, bool write, bool shared, const void* site) {
    const RaceClock& clock = race_clock;
    // Another block's shared memory is another memory.
    const auto ordered = [&](uint32_t stamp) {
        return stamp == clock.mine || (stamp < clock.phase && (shared || stamp >= clock.block || stamp < clock.launch));
    };
    if (!ordered(writer)) refuse_unordered(writer, write, true, shared, site);
    if (write) {
        if (!ordered(reader)) refuse_unordered(reader, write, false, shared, site);
        writer = clock.mine;
    } else if (reader != clock.mine && reader != (clock.now << who_bits | several_warps)) {
        reader = reader < clock.phase ? clock.mine : joined(reader);
    }
}

inline void check_shared_race(size_t offset, size_t bytes, bool write, const void* site) {
    const size_t step = bytes < 4 ? 1 : 4;
    for (size_t i = offset; i < offset + bytes; i += step)
        check_race(race_clock.shared_writers[i], race_clock.shared_readers[i], write, true, site);
}

} // namespace emulated
