// Events: points in the work of a stream that another stream, or the host, waits for.
#include "device/report.h"
#include "driver/driver.h"

using namespace emulated;

namespace {

constexpr unsigned disable_timing = 2;

Result record(Event& event, const std::shared_ptr<Event>& shared, Stream& stream) {
    if (event.context != stream.context) return InvalidHandle;
    if (stream.capture) {
        event.capture = stream.capture;
        event.captured_work = stream.capture->nodes.size();
        event.stream = &stream;
        return Success;
    }
    event.capture.reset();
    event.stream = &stream;
    stream.queue.push_back({Operation::Record, nullptr, shared, ++event.recorded, &stream});
    return Success;
}

/// A stream under capture waits for an event of the same capture, or joins it by such a wait.
Result wait_in_capture(Stream& stream, Event& event, const std::shared_ptr<Capture>& capture) {
    if (stream.capture && stream.capture != capture) {
        stream.capture->invalid = true;
        report("a stream under capture waits for an event that was recorded outside the capture");
        return CaptureIsolation;
    }
    if (!stream.capture) {
        stream.capture = capture;
        capture->members.insert(&stream);
    }
    if (&stream == capture->origin && event.stream != nullptr) {
        const auto found = capture->unjoined.find(event.stream);
        if (found != capture->unjoined.end() && found->second <= event.captured_work) capture->unjoined.erase(found);
    }
    return Success;
}

Result wait(Stream& stream, const std::shared_ptr<Event>& event) {
    const std::shared_ptr<Capture> capture = event->capture.lock();
    if (capture || stream.capture) return wait_in_capture(stream, *event, capture);
    if (event->recorded != event->done && event->stream != &stream)
        stream.queue.push_back({Operation::Wait, nullptr, event, event->recorded, event->stream});
    return Success;
}

Result finish_event(Event& event) {
    if (event.capture.lock()) return CapturedEvent;
    return event.done == event.recorded ? Success : finish(*event.stream, &event, event.recorded);
}

/// Calls `body` with the event; with the stream too where asked for.
template <class Body> int on_event(Event* handle, Body body) {
    return call(Needs::Context, [&]() -> Result {
        const auto event = driver().events.find(handle);
        return event == nullptr ? InvalidHandle : body(event);
    });
}

} // namespace

NETC_API cuEventCreate(Event** handle, unsigned flags) {
    return call(Needs::Context, [&]() -> Result {
        if (handle == nullptr) return InvalidValue;
        auto event = std::make_shared<Event>();
        event->context = current_context();
        event->timing = (flags & disable_timing) == 0;
        *handle = driver().events.add(event);
        return Success;
    });
}

NETC_API cuEventDestroy_v2(Event* handle) {
    return release_call([&]() -> Result { return driver().events.remove(handle) ? Success : InvalidHandle; });
}

NETC_API cuEventRecord(Event* handle, Stream* stream_handle) {
    return on_event(handle, [&](const std::shared_ptr<Event>& event) -> Result {
        Stream* stream = stream_of(stream_handle);
        return stream == nullptr ? InvalidHandle : record(*event, event, *stream);
    });
}

NETC_API cuStreamWaitEvent(Stream* stream_handle, Event* handle, unsigned) {
    return on_event(handle, [&](const std::shared_ptr<Event>& event) -> Result {
        Stream* stream = stream_of(stream_handle);
        return stream == nullptr ? InvalidHandle : wait(*stream, event);
    });
}

NETC_API cuEventSynchronize(Event* handle) {
    return on_event(handle, [](const std::shared_ptr<Event>& event) { return finish_event(*event); });
}

// Work that nobody has waited for yet is not ready the first time somebody asks, and is the next time.
NETC_API cuEventQuery(Event* handle) {
    return on_event(handle, [](const std::shared_ptr<Event>& event) -> Result {
        const bool ready = event->done == event->recorded;
        const Result result = finish_event(*event);
        return ready || result != Success ? result : NotReady;
    });
}

NETC_API cuEventElapsedTime(float* milliseconds, Event* start_handle, Event* end_handle) {
    return call(Needs::Context, [&]() -> Result {
        const auto start = driver().events.find(start_handle), end = driver().events.find(end_handle);
        if (start == nullptr || end == nullptr || !start->timing || !end->timing || start->recorded == 0 || end->recorded == 0)
            return InvalidHandle;
        if (start->done != start->recorded || end->done != end->recorded) return NotReady;
        *milliseconds = static_cast<float>(end->milliseconds - start->milliseconds);
        return Success;
    });
}
