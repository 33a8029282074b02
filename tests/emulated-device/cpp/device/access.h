// Every access of a kernel to memory, as the compiler's instrumentation tells it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace emulated {

enum class Access { Read, Write, Atomic };

/// Bounds, alignment, memory never written and races, and the counts; fails the launch where something is wrong.
void check_access(uintptr_t address, size_t bytes, Access access, const void* site);

/// As far as `check_access` goes for shared memory.
bool is_shared(uintptr_t address);

} // namespace emulated
