// Races: two threads touch one place, one of them writes, and no barrier lies between. Every word keeps a stamp of who wrote it last and
// of who has read it since, and when; a clock ticks at every barrier. Smaller accesses to shared memory have a stamp a byte.
#pragma once
#include <cstddef>
#include <cstdint>

namespace emulated {

void start_launch_of_races();
void start_block_of_races();
/// A barrier: what the block's, or the warp's, threads did until now is ordered before what comes.
void order_block();
void order_warp(unsigned warp);
/// `__threadfence`, after which an atomic of another block (`acquire_grid`) may take over what was written: from then on that block is
/// not held against the others.
void order_grid();
void acquire_grid();

/// Checks and notes an access of the thread at work to words of global memory, or to bytes of shared memory at an offset.
void check_global_race(uint32_t& writer, uint32_t& reader, bool write, const void* site);
void check_shared_race(size_t offset, size_t bytes, bool write, const void* site);

} // namespace emulated
