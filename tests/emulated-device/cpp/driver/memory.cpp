// cuMem*: allocation, copies and filling.
#include "device/report.h"
#include "driver/driver.h"
#include "driver/faults.h"
#include "driver/model.h"
#include <cstring>

using namespace emulated;

namespace {

void* pointer(uintptr_t address) { return reinterpret_cast<void*>(address); }

/// The arena that a range of device addresses lies in; null: a module's variables, or the host's memory.
Arena* arena_of(const Context& context, uintptr_t address) {
    if (memory_of(context).contains(address)) return &memory_of(context);
    return pinned_memory().contains(address) ? &pinned_memory() : nullptr;
}

bool is_pinned(const void* address) { return pinned_memory().contains(reinterpret_cast<uintptr_t>(address)); }

/// An address of the driver's, when the work is carried out: it may have been freed since.
Result still_there(const Context& context, uintptr_t address, size_t bytes, const char* what) {
    if (device_range(context, address, bytes)) return Success;
    report(std::string(what) + " of " + std::to_string(bytes) + " bytes at a place that the device no longer has: " +
           (arena_of(context, address) != nullptr ? arena_of(context, address)->place(address) : "in no allocation"));
    return IllegalAddressCode;
}

/// Kernels that are not instrumented write unseen.
void warn_of_unwritten(const Arena& memory, uintptr_t address, size_t bytes) {
    if (!config().check) return;
    const void* found = bytes == 0 ? nullptr : std::memchr(memory.knowledge(address), Unwritten, bytes);
    if (found == nullptr) return;
    const size_t offset = static_cast<size_t>(static_cast<const uint8_t*>(found) - memory.knowledge(address));
    report("a copy to the host of " + std::to_string(bytes) + " bytes takes memory that nobody has written to, from byte " +
           std::to_string(offset) + " on");
}

Result to_device(const Context& context, uintptr_t to, const void* from, size_t bytes) {
    if (const Result result = still_there(context, to, bytes, "a copy to the device"); result != Success) return result;
    std::memcpy(pointer(to), from, bytes);
    if (Arena* arena = arena_of(context, to)) arena->mark(to, bytes, Written);
    return Success;
}

Result to_host(const Context& context, void* to, uintptr_t from, size_t bytes) {
    if (const Result result = still_there(context, from, bytes, "a copy to the host"); result != Success) return result;
    if (const Arena* arena = arena_of(context, from)) warn_of_unwritten(*arena, from, bytes);
    std::memcpy(to, pointer(from), bytes);
    return Success;
}

/// What is known of the bytes goes with them.
Result within_device(const Context& to_context, uintptr_t to, const Context& from_context, uintptr_t from, size_t bytes) {
    for (const Result result : {still_there(to_context, to, bytes, "a copy"), still_there(from_context, from, bytes, "a copy")})
        if (result != Success) return result;
    std::memmove(pointer(to), pointer(from), bytes);
    Arena *target = arena_of(to_context, to), *source = arena_of(from_context, from);
    if (target != nullptr && source != nullptr) std::memmove(target->knowledge(to), source->knowledge(from), bytes);
    else if (target != nullptr) target->mark(to, bytes, Written);
    return Success;
}

Result fill(const Context& context, uintptr_t to, const void* pattern, size_t width, size_t count) {
    if (const Result result = still_there(context, to, width * count, "filling"); result != Success) return result;
    for (size_t i = 0; i < count; ++i) std::memcpy(pointer(to + i * width), pattern, width);
    if (Arena* arena = arena_of(context, to)) arena->mark(to, width * count, Written);
    return Success;
}

/// Refuses at once what no allocation holds.
Result check_range(const Context& context, uintptr_t address, size_t bytes, const char* what) {
    if (device_range(context, address, bytes)) return Success;
    report(std::string(what) + " of " + std::to_string(bytes) + " bytes " +
           (arena_of(context, address) != nullptr ? arena_of(context, address)->place(address) : "outside the device's memory"));
    return InvalidValue;
}

Result allocate(uintptr_t* address, size_t bytes) {
    if (address == nullptr) return InvalidValue;
    if (const Result fault = fault_of_allocation(); fault != Success) return fault;
    *address = memory_of(*current_context()).allocate(bytes);
    return *address == 0 ? OutOfMemory : Success;
}

/// A call that works on the default stream and waits for it. `check` refuses at once.
template <class Check, class Work> int at_once(Check check, Work work) {
    return call(Needs::Context, [&]() -> Result {
        Context& context = *current_context();
        for (const Result result : {refuse_in_capture(context), check(context)})
            if (result != Success) return result;
        if (const Result result = enqueue(context.null_stream, [&] { return work(context); }); result != Success) return result;
        return finish(context.null_stream);
    });
}

/// `count` cells of `width` bytes.
template <class T> int fill_async(uintptr_t to, T value, size_t count, Stream* handle) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        Context& context = *stream.context;
        if (const Result result = check_range(context, to, sizeof(T) * count, "filling"); result != Success) return result;
        return enqueue(stream, [=, &context] { return fill(context, to, &value, sizeof(T), count); });
    });
}

} // namespace

NETC_API cuMemAlloc_v2(uintptr_t* address, size_t bytes) {
    return call(Needs::Context, [&]() -> Result {
        if (const Result capture = refuse_in_capture(*current_context()); capture != Success) return capture;
        return bytes == 0 ? InvalidValue : allocate(address, bytes);
    });
}

NETC_API cuMemAllocAsync(uintptr_t* address, size_t bytes, Stream* handle) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        if (!stream.capture) return allocate(address, bytes);
        stream.capture->invalid = true;
        report("an allocation in a captured stream: the emulated device has no such graphs");
        return NotSupported;
    });
}

NETC_API cuMemFree_v2(uintptr_t address) {
    return release_call([&]() -> Result {
        Context* context = current_context();
        if (context == nullptr || !known(context)) return InvalidContext;
        if (address == 0) return Success;
        finish(*context);
        return memory_of(*context).release(address) ? Success : InvalidValue;
    });
}

NETC_API cuMemFreeAsync(uintptr_t address, Stream* handle) {
    return release_call([&]() -> Result {
        Stream* stream = stream_of(handle);
        if (stream == nullptr) return InvalidHandle;
        Context& context = *stream->context;
        if (!device_range(context, address, 1) && !device_range(context, address, 0)) return InvalidValue;
        if (context.error != Success) return memory_of(context).release(address) ? Success : InvalidValue;
        return enqueue(*stream, [=, &context]() -> Result {
            if (memory_of(context).release(address)) return Success;
            report("memory is freed twice");
            return IllegalAddressCode;
        });
    });
}

NETC_API cuMemHostAlloc(void** address, size_t bytes, unsigned) {
    return call(Needs::Context, [&]() -> Result {
        if (address == nullptr || bytes == 0) return InvalidValue;
        if (const Result fault = fault_of_allocation(); fault != Success) return fault;
        const uintptr_t found = pinned_memory().allocate(bytes);
        if (found == 0) return OutOfMemory;
        pinned_memory().mark(found, bytes, Written); // what the host writes cannot be seen
        *address = pointer(found);
        return Success;
    });
}

NETC_API cuMemFreeHost(void* address) {
    return release_call([&]() -> Result {
        if (current_context() != nullptr && known(current_context())) finish(*current_context());
        return pinned_memory().release(reinterpret_cast<uintptr_t>(address)) ? Success : InvalidValue;
    });
}

NETC_API cuMemGetInfo_v2(size_t* available, size_t* total) {
    return call(Needs::Context, [&]() -> Result {
        const Arena& memory = memory_of(*current_context());
        *total = memory.bytes();
        *available = memory.bytes() - memory.used();
        return Success;
    });
}

NETC_API cuMemcpyHtoD_v2(uintptr_t to, const void* from, size_t bytes) {
    return at_once([=](Context& context) { return check_range(context, to, bytes, "a copy to the device"); },
                   [=](Context& context) { return to_device(context, to, from, bytes); });
}

NETC_API cuMemcpyDtoH_v2(void* to, uintptr_t from, size_t bytes) {
    return at_once([=](Context& context) { return check_range(context, from, bytes, "a copy to the host"); },
                   [=](Context& context) { return to_host(context, to, from, bytes); });
}

NETC_API cuMemcpyDtoD_v2(uintptr_t to, uintptr_t from, size_t bytes) {
    return at_once(
        [=](Context& context) {
            const Result result = check_range(context, to, bytes, "a copy");
            return result != Success ? result : check_range(context, from, bytes, "a copy");
        },
        [=](Context& context) { return within_device(context, to, context, from, bytes); });
}

// From pageable memory the bytes are taken before the call returns; from pinned memory when the stream comes to it, and a graph takes
// them at each launch.
NETC_API cuMemcpyHtoDAsync_v2(uintptr_t to, const void* from, size_t bytes, Stream* handle) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        Context& context = *stream.context;
        if (const Result result = check_range(context, to, bytes, "a copy to the device"); result != Success) return result;
        if (stream.capture || is_pinned(from))
            return enqueue(stream, [=, &context] { return to_device(context, to, from, bytes); });
        const auto* first = static_cast<const char*>(from);
        const auto copy = std::make_shared<std::vector<char>>(first, first + bytes);
        return enqueue(stream, [=, &context] { return to_device(context, to, copy->data(), bytes); });
    });
}

// To pageable memory the call returns when the bytes have arrived; to pinned memory at once.
NETC_API cuMemcpyDtoHAsync_v2(void* to, uintptr_t from, size_t bytes, Stream* handle) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        Context& context = *stream.context;
        if (const Result result = check_range(context, from, bytes, "a copy to the host"); result != Success) return result;
        const Result result = enqueue(stream, [=, &context] { return to_host(context, to, from, bytes); });
        return result != Success || stream.capture || is_pinned(to) ? result : finish(stream);
    });
}

NETC_API cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t bytes, Stream* handle) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        Context& context = *stream.context;
        for (const uintptr_t address : {to, from})
            if (const Result result = check_range(context, address, bytes, "a copy"); result != Success) return result;
        return enqueue(stream, [=, &context] { return within_device(context, to, context, from, bytes); });
    });
}

NETC_API cuMemcpyPeerAsync(uintptr_t to, Context* to_context, uintptr_t from, Context* from_context, size_t bytes, Stream* handle) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        if (!known(to_context) || !known(from_context)) return InvalidContext;
        return enqueue(stream, [=] { return within_device(*to_context, to, *from_context, from, bytes); });
    });
}

NETC_API cuMemsetD8Async(uintptr_t to, unsigned char value, size_t count, Stream* handle) { return fill_async(to, value, count, handle); }
NETC_API cuMemsetD16Async(uintptr_t to, unsigned short value, size_t count, Stream* handle) { return fill_async(to, value, count, handle); }
NETC_API cuMemsetD32Async(uintptr_t to, unsigned value, size_t count, Stream* handle) { return fill_async(to, value, count, handle); }
NETC_API cuMemsetD8_v2(uintptr_t to, unsigned char value, size_t count) { return fill_async(to, value, count, nullptr); }
NETC_API cuMemsetD32_v2(uintptr_t to, unsigned value, size_t count) { return fill_async(to, value, count, nullptr); }
