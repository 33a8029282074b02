// What a kernel did wrong, told with kernel, block, thread and line; on standard error, in a file and in memory for the test to read.
#pragma once
#include "device/block.h"
#include <string>

namespace emulated {

/// Everything reported since the last reset.
std::string& report_text();
void report(const std::string& text);

/// Reports a mistake of the thread at work, which ends the launch: does not return. `site` is a return address in the kernel, or null
/// where `line` is known.
[[noreturn]] void fail(LaunchError error, const std::string& what, const void* site, int line = 0);

/// The same for a mistake of several threads, found between two of them: returns.
void fail_block(LaunchError error, const std::string& what);

/// "kernel.cu:12" of the launch at hand.
std::string place_of_line(int line);
std::string thread_name(const Thread& thread);

} // namespace emulated
