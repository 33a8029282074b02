// One request of a warp, and what it costs.
#pragma once
#include <cstdint>

namespace emulated {

struct Request {
    uint32_t lanes = 0; // a bit each
    uint32_t bytes = 0; // that a lane asks for
    uint64_t addresses[32];
};

struct Traffic {
    uint64_t requests = 0, bytes = 0, units = 0, ideal_units = 0, footprint = 0;
};

/// Global memory moves in sectors of 32 bytes.
void add_global(Traffic& traffic, const Request& request, bool write, uint32_t launch);

/// Shared memory has 32 banks of 4 bytes. A request takes a turn for each different word of its busiest bank; 8 bytes a lane go in two
/// halves of the warp, 16 in four quarters. `addresses` count from the start of shared memory.
void add_shared(Traffic& traffic, const Request& request);

} // namespace emulated
