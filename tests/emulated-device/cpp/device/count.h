// Counts: what a kernel asks of memory, warp by warp.
//
// What the lanes of a warp do at the same instruction is one request: the n-th time that each of them comes to it between two stops (a
// barrier, a shuffle), as lanes run one after the other here. Lanes that skip a turn of a loop make requests look fuller than they are.
#pragma once
#include "device/access.h"
#include <cstddef>
#include <cstdint>
#include <string>

namespace emulated {

void start_counting();
/// All lanes of the warp at work have come to a stop: what they did together is counted.
void count_warp();
void count_barrier();
void count_atomic();
void count_products(uint64_t operations);
void count_global(uintptr_t address, size_t bytes, Access access, const void* site);
void count_shared(size_t offset, size_t bytes, Access access, const void* site);

/// A line a kernel: its name and "field=value" pairs, as src/counters.rs reads them.
std::string counters_text();
void reset_counters();

} // namespace emulated
