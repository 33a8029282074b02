// Streams, and the work that waits in them.
#include "driver/driver.h"
#include "device/report.h"
#include <chrono>

namespace emulated {

namespace {

double now_in_milliseconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(now).count();
}

Result carry_out(Operation& operation) {
    if (operation.kind == Operation::Run) return operation.work();
    Event& event = *operation.event;
    if (operation.kind == Operation::Record) {
        event.done = operation.record;
        event.milliseconds = now_in_milliseconds();
        return Success;
    }
    return event.done < operation.record && operation.recorder != nullptr ? finish(*operation.recorder, &event, operation.record) : Success;
}

/// The null stream and the blocking ones wait for each other.
Result finish_blocking(Context& context) {
    for (const auto& [handle, stream] : driver().streams.all())
        if (stream->context == &context && stream->blocking)
            if (const Result result = finish(*stream); result != Success) return result;
    return Success;
}

Result finish_ordered_before(Stream& stream) {
    if (&stream == &stream.context->null_stream) return finish_blocking(*stream.context);
    return stream.blocking ? finish(stream.context->null_stream) : Success;
}

} // namespace

Result finish(Stream& stream, const Event* event, uint64_t record) {
    Context& context = *stream.context;
    while (!stream.queue.empty() && context.error == Success) {
        Operation operation = std::move(stream.queue.front());
        stream.queue.pop_front();
        const bool last = operation.kind == Operation::Record && operation.event.get() == event && operation.record == record;
        const Result result = carry_out(operation);
        if (result != Success) context.error = result;
        if (last) break;
    }
    if (context.error != Success) stream.queue.clear();
    return context.error;
}

Result finish(Context& context) {
    finish(context.null_stream);
    for (const auto& [handle, stream] : driver().streams.all())
        if (stream->context == &context) finish(*stream);
    return context.error;
}

Result enqueue(Stream& stream, Work work) {
    if (stream.capture) {
        if (stream.capture->invalid) return CaptureInvalidated;
        stream.capture->nodes.push_back(std::move(work));
        if (&stream != stream.capture->origin) stream.capture->unjoined[&stream] = stream.capture->nodes.size();
        return Success;
    }
    if (const Result result = finish_ordered_before(stream); result != Success) return result;
    stream.queue.push_back({Operation::Run, std::move(work), nullptr, 0, nullptr});
    return Success;
}

Stream* stream_of(Stream* handle) {
    const auto number = reinterpret_cast<uintptr_t>(handle);
    if (number <= 2) return current_context() == nullptr ? nullptr : &current_context()->null_stream;
    return driver().streams.find(handle).get();
}

Result refuse_in_capture(Context& context) {
    for (const auto& [handle, stream] : driver().streams.all()) {
        if (stream->context != &context || !stream->capture) continue;
        stream->capture->invalid = true;
        report("a call that waits for the device while one of its streams is captured");
        return CaptureUnsupported;
    }
    return Success;
}

} // namespace emulated

using namespace emulated;

namespace {

/// A call that waits for a stream, which must not be captured.
template <class Body> int on_finished(Stream* handle, Body body) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        if (!stream.capture) return body(stream);
        stream.capture->invalid = true;
        report("a call that waits for a stream while it is captured");
        return CaptureUnsupported;
    });
}

} // namespace

NETC_API cuStreamCreateWithPriority(Stream** handle, unsigned flags, int) {
    return call(Needs::Context, [&]() -> Result {
        if (handle == nullptr || flags > 1) return InvalidValue;
        auto stream = std::make_shared<Stream>();
        stream->context = current_context();
        stream->blocking = flags == 0;
        *handle = driver().streams.add(stream);
        return Success;
    });
}

NETC_API cuStreamCreate(Stream** handle, unsigned flags) { return cuStreamCreateWithPriority(handle, flags, 0); }

NETC_API cuStreamDestroy_v2(Stream* handle) {
    return release_call([&]() -> Result {
        const auto stream = driver().streams.find(handle);
        if (stream == nullptr) return InvalidHandle;
        finish(*stream);
        for (const auto& [event_handle, event] : driver().events.all()) {
            if (event->stream != handle) continue;
            event->done = event->recorded;
            event->stream = nullptr;
        }
        driver().streams.remove(handle);
        return Success;
    });
}

NETC_API cuStreamSynchronize(Stream* handle) {
    return on_finished(handle, [](Stream& stream) { return finish(stream); });
}

NETC_API cuStreamQuery(Stream* handle) {
    return on_finished(handle, [](Stream& stream) -> Result {
        const bool ready = stream.queue.empty();
        const Result result = finish(stream);
        return ready || result != Success ? result : NotReady;
    });
}

NETC_API cuStreamGetCtx(Stream* handle, Context** context) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        *context = stream.context;
        return Success;
    });
}

NETC_API cuLaunchHostFunc(Stream* handle, void (*function)(void*), void* argument) {
    return on_stream(handle, [&](Stream& stream) {
        return enqueue(stream, [=]() -> Result {
            function(argument);
            return Success;
        });
    });
}
