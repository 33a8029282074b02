#include "driver/driver.h"
#include "device/report.h"
#include "driver/faults.h"
#include "driver/model.h"
#include <algorithm>

namespace emulated {

Driver& driver() {
    static Driver* instance = new Driver; // never destroyed: other threads may still call while the process ends
    return *instance;
}

std::recursive_mutex& driver_lock() {
    static std::recursive_mutex* instance = new std::recursive_mutex;
    return *instance;
}

Context*& current_context() {
    static thread_local Context* context = nullptr;
    return context;
}

namespace {

std::unique_ptr<Arena> new_arena(size_t bytes) {
    try {
        return std::make_unique<Arena>(bytes);
    } catch (const std::bad_alloc&) {
        report("this machine does not give the address space for " + std::to_string(bytes) +
               " bytes of memory: NETC_EMULATED_MEMORY makes the device smaller");
        throw;
    }
}

} // namespace

Arena& memory_of(const Context& context) {
    auto& memory = driver().memory;
    const auto device = static_cast<size_t>(context.device);
    if (memory.size() <= device) memory.resize(device + 1);
    if (!memory[device]) memory[device] = new_arena(device_memory());
    return *memory[device];
}

Arena& pinned_memory() {
    auto& pinned = driver().pinned;
    if (!pinned) pinned = new_arena(std::min(device_memory(), size_t{16} << 30));
    return *pinned;
}

bool known(const Context* context) {
    for (const auto& [device, primary] : driver().primary)
        if (primary.get() == context && primary->users > 0) return true;
    for (const auto& other : driver().others)
        if (other.get() == context) return true;
    return false;
}

Result before_call(Needs needs) {
    if (const Result lost = fault_of_call(); lost != Success) return lost;
    if (needs == Needs::Nothing) return Success;
    if (!driver().initialized) return NotInitialized;
    if (needs == Needs::Initialized) return current_context() != nullptr && known(current_context()) ? current_context()->error : Success;
    if (current_context() == nullptr || !known(current_context())) return InvalidContext;
    return current_context()->error;
}

bool device_range(const Context& context, uintptr_t address, size_t bytes) {
    if (bytes == 0 || memory_of(context).allocated(address, bytes) || pinned_memory().allocated(address, bytes)) return true;
    for (const auto& [handle, loaded] : driver().modules.all())
        if (loaded->context == &context && loaded->module->owns(address, bytes)) return true;
    return false;
}

} // namespace emulated
