// The shared memory of the block at work: the thread-local block of the kernel's library.
#pragma once
#include "device/memory.h"
#include "device/module.h"
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace emulated {

/// By bytes, counted from the base.
struct SharedMemory {
    const Module* module = nullptr;
    uint64_t number = 0; // of the module
    uintptr_t base = 0;
    std::vector<uint8_t> knowledge;
    std::vector<uint16_t> variables; // that a byte belongs to, or one of the two below
    std::vector<uint8_t> touched;    // variables, by the block at work
    std::vector<uint8_t> used;       // variables, by the launch
};
extern SharedMemory shared_memory;

/// A gap between two variables, and a variable of the compiler's own.
constexpr uint16_t no_variable = 0xffff, guard_variable = 0xfffe;

/// Poisons what the last block touched: a block finds nothing of another's.
void start_shared_memory();
/// Bytes of the variables that the launch at hand has touched.
size_t shared_bytes_used();
void mark_shared(uintptr_t address, size_t bytes, Knowledge knowledge);
/// "4 bytes into shared `tile`": what lies at an offset.
std::string shared_place(size_t offset);

} // namespace emulated
