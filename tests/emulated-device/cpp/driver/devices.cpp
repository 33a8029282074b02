// cuInit, cuDevice* and contexts.
#include "device/config.h"
#include "device/report.h"
#include "driver/driver.h"
#include "driver/faults.h"
#include "driver/model.h"
#include <algorithm>
#include <cstring>

using namespace emulated;

namespace {

bool is_device(int device) { return device >= 0 && device < config().devices; }

void end_context(Context& context) {
    Driver& d = driver();
    if (context.error == Success) finish(context);
    const size_t objects = d.graphs.remove_of(&context) + d.executables.remove_of(&context) + d.events.remove_of(&context) +
                           d.streams.remove_of(&context) + d.modules.remove_of(&context);
    Arena& memory = memory_of(context);
    const bool last = std::none_of(d.others.begin(), d.others.end(), [&](const auto& other) {
        return other.get() != &context && other->device == context.device;
    });
    if (context.error == Success) d.abandoned += objects + (last ? memory.live() : 0);
    if (last) memory.release_all();
    context.null_stream = Stream();
    context.null_stream.context = &context;
    context.error = Success;
}

template <class T> int give(T* out, T value) {
    if (out == nullptr) return InvalidValue;
    *out = value;
    return Success;
}

} // namespace

NETC_API cuInit(unsigned flags) {
    return call(Needs::Nothing, [&]() -> Result {
        if (flags != 0) return InvalidValue;
        if (const Result fault = fault_of_init(); fault != Success) return fault;
        if (config().devices == 0) return NoDevice;
        driver().initialized = true;
        return Success;
    });
}

NETC_API cuDriverGetVersion(int* version) {
    return call(Needs::Nothing, [&] { return give(version, fault_of_version() != 0 ? fault_of_version() : driver_version); });
}

NETC_API cuDeviceGetCount(int* count) {
    return call(Needs::Initialized, [&] { return give(count, config().devices); });
}

NETC_API cuDeviceGet(int* device, int ordinal) {
    return call(Needs::Initialized, [&]() -> Result { return is_device(ordinal) ? give(device, ordinal) : InvalidDevice; });
}

NETC_API cuDeviceGetName(char* name, int length, int device) {
    return call(Needs::Initialized, [&]() -> Result {
        if (!is_device(device)) return InvalidDevice;
        if (name == nullptr || length <= 0) return InvalidValue;
        std::strncpy(name, "netc emulated device " EMULATED_STATE, static_cast<size_t>(length));
        name[length - 1] = 0;
        return Success;
    });
}

NETC_API cuDeviceGetUuid(unsigned char* uuid, int device) {
    return call(Needs::Initialized, [&]() -> Result {
        if (!is_device(device)) return InvalidDevice;
        std::memcpy(uuid, "netc-emulated-0", 16);
        uuid[15] = static_cast<unsigned char>(device);
        return Success;
    });
}

NETC_API cuDeviceTotalMem_v2(size_t* bytes, int device) {
    return call(Needs::Initialized, [&]() -> Result { return is_device(device) ? give(bytes, device_memory()) : InvalidDevice; });
}

NETC_API cuDeviceGetAttribute(int* value, int which, int device) {
    return call(Needs::Initialized, [&]() -> Result {
        if (!is_device(device)) return InvalidDevice;
        return value != nullptr && attribute(which, *value) ? Success : InvalidValue;
    });
}

NETC_API cuDevicePrimaryCtxRetain(Context** context, int device) {
    return call(Needs::Initialized, [&]() -> Result {
        if (!is_device(device)) return InvalidDevice;
        auto& primary = driver().primary[device];
        if (!primary) {
            primary = std::make_unique<Context>();
            primary->device = device;
            primary->primary = true;
            primary->null_stream.context = primary.get();
        }
        ++primary->users;
        return give(context, primary.get());
    });
}

NETC_API cuDevicePrimaryCtxRelease_v2(int device) {
    return release_call([&]() -> Result {
        const auto found = driver().primary.find(device);
        if (found == driver().primary.end() || found->second->users == 0) return InvalidContext;
        if (--found->second->users == 0) end_context(*found->second);
        return Success;
    });
}

NETC_API cuCtxCreate_v3(Context** context, void*, int, unsigned, int device) {
    return call(Needs::Initialized, [&]() -> Result {
        if (!is_device(device)) return InvalidDevice;
        auto& others = driver().others;
        others.push_back(std::make_unique<Context>());
        others.back()->device = device;
        others.back()->null_stream.context = others.back().get();
        current_context() = others.back().get();
        return give(context, others.back().get());
    });
}

NETC_API cuCtxCreate_v2(Context** context, unsigned flags, int device) { return cuCtxCreate_v3(context, nullptr, 0, flags, device); }

NETC_API cuCtxDestroy_v2(Context* context) {
    return release_call([&]() -> Result {
        auto& others = driver().others;
        const auto found = std::find_if(others.begin(), others.end(), [&](const auto& other) { return other.get() == context; });
        if (found == others.end()) return InvalidContext;
        end_context(**found);
        others.erase(found);
        return Success;
    });
}

// A thread may ask for its context, and set it, whatever has happened in that context.

NETC_API cuCtxGetCurrent(Context** context) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    if (!driver().initialized) return NotInitialized;
    return give(context, known(current_context()) ? current_context() : nullptr);
}

NETC_API cuCtxSetCurrent(Context* context) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    if (!driver().initialized) return NotInitialized;
    if (context != nullptr && !known(context)) return InvalidContext;
    current_context() = context;
    return Success;
}

NETC_API cuCtxGetDevice(int* device) {
    return call(Needs::Context, [&] { return give(device, current_context()->device); });
}

NETC_API cuCtxSynchronize() {
    return call(Needs::Context, [&]() -> Result {
        const Result capture = refuse_in_capture(*current_context());
        return capture != Success ? capture : finish(*current_context());
    });
}

NETC_API cuCtxSetFlags(unsigned) {
    return call(Needs::Context, [] { return Success; });
}

NETC_API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    return call(Needs::Context, [&]() -> Result {
        *least = 0;
        *greatest = -5;
        return Success;
    });
}

NETC_API cuCtxGetLimit(size_t* value, int limit) {
    return call(Needs::Context, [&]() -> Result { return limit == 0 ? give(value, stack_bytes) : give(value, size_t{8} << 20); });
}

NETC_API cuCtxSetLimit(int, size_t) {
    return call(Needs::Context, [] { return Success; });
}

NETC_API cuCtxGetCacheConfig(int* value) {
    return call(Needs::Context, [&] { return give(value, 0); });
}

NETC_API cuCtxSetCacheConfig(int) {
    return call(Needs::Context, [] { return Success; });
}
