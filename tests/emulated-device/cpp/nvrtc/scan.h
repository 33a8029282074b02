// The kernels of a CUDA text, found by reading its tokens.
#pragma once
#include <string>
#include <vector>

namespace emulated {

struct FoundKernel {
    std::string name;      // as the driver knows it
    std::string qualified; // with its namespaces
    std::string threads;   // the first argument of __launch_bounds__, an expression; 1024 without
};

/// Functions that are declared `__global__` and defined by the text itself: not templates, not what a macro makes.
std::vector<FoundKernel> find_kernels(const std::string& text);

} // namespace emulated
