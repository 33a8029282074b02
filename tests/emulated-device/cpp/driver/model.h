// The GPU that the emulated one passes itself off as: an H100 SXM, with the compute capability of the configuration.
#pragma once
#include <cstddef>

namespace emulated {

constexpr int multiprocessors = 132;
constexpr int threads_per_multiprocessor = 2048, blocks_per_multiprocessor = 32;
constexpr int shared_per_block = 48 << 10, shared_per_block_optin = 227 << 10, shared_per_multiprocessor = 228 << 10;
constexpr int registers_per_multiprocessor = 65536;
constexpr int driver_version = 12080;

/// Bytes.
size_t device_memory();
/// A CUdevice_attribute; false where it is unknown.
bool attribute(int which, int& value);

} // namespace emulated
