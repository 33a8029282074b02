// cuLaunchKernel, and what can be asked of a function.
#include "device/count.h"
#include "device/report.h"
#include "device/shared.h"
#include "driver/driver.h"
#include "driver/faults.h"
#include "driver/model.h"
#include <algorithm>
#include <cstring>

using namespace emulated;

namespace {

/// The values of a launch's arguments, taken when it is asked for.
struct Arguments {
    std::vector<std::vector<char>> values;
    std::vector<void*> pointers;

    Arguments(const netc_emulated_kernel& kernel, void** arguments) {
        for (unsigned i = 0; i < kernel.arguments; ++i) {
            const char* first = static_cast<const char*>(arguments[i]);
            values.emplace_back(first, first + kernel.argument_bytes[i]);
        }
        for (auto& value : values) pointers.push_back(value.data());
    }
};

bool alive(const Function* function) {
    for (const auto& [handle, module] : driver().modules.all())
        for (const auto& [name, candidate] : module->functions)
            if (candidate.get() == function) return true;
    return false;
}

Result refuse(const Function& function, const std::string& why, Result code) {
    report("kernel `" + std::string(function.kernel->name) + "` cannot be launched: " + why);
    return code;
}

Result check_shape(const Function& function, const netc_emulated_index& grid, const netc_emulated_index& block, unsigned shared) {
    const uint64_t threads = uint64_t{block.x} * block.y * block.z;
    if (grid.x == 0 || grid.y == 0 || grid.z == 0 || threads == 0) return refuse(function, "a grid or a block of nothing", InvalidValue);
    if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) return refuse(function, "too large a grid", InvalidValue);
    if (block.x > 1024 || block.y > 1024 || block.z > 64 || threads > 1024) return refuse(function, "too large a block", InvalidValue);
    if (threads > function.kernel->max_threads) return refuse(function, "more threads than its __launch_bounds__", OutOfResources);
    if (shared != 0) return refuse(function, "the emulated device has no dynamic shared memory", NotSupported);
    return Success;
}

Result run_kernel(const std::shared_ptr<Module>& module, const netc_emulated_kernel* kernel, const Context& context,
                  const netc_emulated_index& grid, const netc_emulated_index& block_size, Arguments& arguments, size_t& shared_bytes) {
    if (const Result fault = fault_of_launch(); fault != Success) return fault;
    Launch launch;
    launch.module = module.get();
    launch.kernel = kernel;
    launch.arguments = arguments.pointers.data();
    launch.grid = grid;
    launch.block = block_size;
    launch.memory = &memory_of(context);
    launch.pinned = &pinned_memory();
    launch.shared_base = module->shared_base();
    launch.shared_bytes = module->shared_bytes();
    const Result result = run(launch);
    shared_bytes = shared_bytes_used();
    if (result != Success || !config().check || shared_bytes <= size_t{shared_per_block}) return result;
    report("kernel `" + std::string(kernel->name) + "` uses " + std::to_string(shared_bytes) + " bytes of shared memory: 49152 is the limit");
    return OutOfResources;
}

} // namespace

NETC_API cuLaunchKernel(Function* function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                        unsigned block_z, unsigned shared, Stream* handle, void** parameters, void** extra) {
    return call(Needs::Context, [&]() -> Result {
        Stream* stream = stream_of(handle);
        if (stream == nullptr || !alive(function)) return InvalidHandle;
        if (extra != nullptr || function->context != stream->context) return InvalidValue;
        const netc_emulated_index grid{grid_x, grid_y, grid_z}, block{block_x, block_y, block_z};
        if (const Result result = check_shape(*function, grid, block, shared); result != Success) return result;
        if (function->kernel->arguments != 0 && parameters == nullptr) return InvalidValue;
        const auto arguments = std::make_shared<Arguments>(*function->kernel, parameters);
        return enqueue(*stream, [=, module = function->module, kernel = function->kernel, context = stream->context,
                                 shared = function->shared_bytes] {
            return run_kernel(module, kernel, *context, grid, block, *arguments, *shared);
        });
    });
}

NETC_API cuFuncGetAttribute(int* value, int which, Function* function) {
    return call(Needs::Context, [&]() -> Result {
        if (value == nullptr || !alive(function)) return InvalidValue;
        switch (which) {
        case 0: *value = static_cast<int>(function->kernel->max_threads); break;
        case 1: *value = static_cast<int>(*function->shared_bytes); break;
        case 4: *value = 32; break; // registers: only the real compiler knows
        case 5:
        case 6: *value = function->module->architecture(); break;
        default: *value = 0;
        }
        return Success;
    });
}

NETC_API cuFuncSetAttribute(Function* function, int, int) {
    return call(Needs::Context, [&]() -> Result { return alive(function) ? Success : InvalidHandle; });
}

NETC_API cuFuncSetCacheConfig(Function* function, int) {
    return call(Needs::Context, [&]() -> Result { return alive(function) ? Success : InvalidHandle; });
}

NETC_API cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, Function* function, int threads, size_t, unsigned) {
    return call(Needs::Context, [&]() -> Result {
        if (!alive(function) || threads <= 0) return InvalidValue;
        const int warps = (threads + 31) / 32;
        *blocks = std::min(blocks_per_multiprocessor, threads_per_multiprocessor / 32 / warps);
        const auto shared = static_cast<int>(*function->shared_bytes);
        if (shared > 0) *blocks = std::min(*blocks, shared_per_multiprocessor / (shared + 1024));
        return Success;
    });
}

NETC_API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Function* function, int threads, size_t shared) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, function, threads, shared, 0);
}
