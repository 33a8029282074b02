// Faults on demand. The option `faults` is a list of NAME=N or NAME=N:CODE, separated by commas:
//
//   alloc=N     the N-th allocation from now fails (2, out of memory)
//   launch=N    the N-th kernel from now fails while it runs (719)
//   lost=N      every call fails from the N-th on (999)
//   load=N      the N-th module from now is refused (200)
//   init=CODE   cuInit fails: 100 no device, 803 driver and kernel module do not fit
//   version=N   cuDriverGetVersion gives N (11040 is CUDA 11.4)
//   nvrtc=N     the N-th compilation from now fails
#pragma once
#include "driver/codes.h"

namespace emulated {

Result fault_of_call();
Result fault_of_allocation();
Result fault_of_launch();
Result fault_of_load();
Result fault_of_init();
bool fault_of_nvrtc();
/// 0: the usual one.
int fault_of_version();

/// Counts from now. False: the list does not read.
bool set_faults(const char* list);

} // namespace emulated
