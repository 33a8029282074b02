// The shared memory of the block at work: the thread-local block of the kernel's library.
#pragma once
#include "device/memory.h"
#include <cstddef>
#include <cstdint>
#include <string>

namespace emulated {

/// Poisons what the last block touched: a block finds nothing of another's.
void start_shared_memory();
/// Bytes of the variables that the launch at hand has touched.
size_t shared_bytes_used();

inline constexpr size_t no_variable = ~size_t{0}, guard_variable = no_variable - 1;

/// The knowledge of the byte at an offset from the base, and the variable that it belongs to (`no_variable`: a gap between two;
/// `guard_variable`: one of the compiler's own).
uint8_t* shared_knowledge(size_t offset);
size_t touch_shared(size_t offset);
void mark_shared(uintptr_t address, size_t bytes, Knowledge knowledge);
std::string shared_place(size_t offset);

} // namespace emulated
