#include "driver/model.h"
#include "device/config.h"
#include <algorithm>
#include <utility>

namespace emulated {

size_t device_memory() {
    constexpr size_t h100 = size_t{81559} << 20;
    return config().memory != 0 ? static_cast<size_t>(config().memory) : h100;
}

bool attribute(int which, int& value) {
    // CUdevice_attribute numbers.
    static constexpr std::pair<int, int> table[] = {
        {1, 1024},         // threads of a block
        {2, 1024},         // block x
        {3, 1024},         // block y
        {4, 64},           // block z
        {5, 0x7fffffff},   // grid x
        {6, 65535},        // grid y
        {7, 65535},        // grid z
        {8, shared_per_block},
        {9, 64 << 10},     // constant memory
        {10, 32},          // warp
        {12, 65536},       // registers of a block
        {13, 1980000},     // clock, kHz
        {15, 1},           // copies overlap
        {16, multiprocessors},
        {17, 0},           // no time limit for kernels
        {18, 0},           // not integrated
        {19, 1},           // maps host memory
        {20, 0},           // compute mode
        {31, 1},           // concurrent kernels
        {32, 1},           // ECC
        {33, 0},           // PCI bus
        {34, 0},           // PCI device
        {36, 2619000},     // memory clock, kHz
        {37, 5120},        // memory bus, bits
        {38, 50 << 20},    // L2
        {39, threads_per_multiprocessor},
        {40, 3},           // copy engines
        {41, 1},           // unified addressing
        {50, 0},           // PCI domain
        {78, 1},           // stream priorities
        {81, shared_per_multiprocessor},
        {82, registers_per_multiprocessor},
        {83, 0},           // managed memory
        {88, 0},           // pageable memory
        {95, 0},           // cooperative launch
        {97, shared_per_block_optin},
        {106, blocks_per_multiprocessor},
        {111, 1024},       // reserved shared memory
        {115, 1},          // memory pools
    };
    if (which == 75) return value = config().major, true;
    if (which == 76) return value = config().minor, true;
    const auto* found = std::find_if(std::begin(table), std::end(table), [&](const auto& row) { return row.first == which; });
    value = found == std::end(table) ? 0 : found->second;
    return which > 0 && which < 140;
}

} // namespace emulated
