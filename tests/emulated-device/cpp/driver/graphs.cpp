// Capture of streams, and graphs.
#include "driver/driver.h"

using namespace emulated;

namespace {

Result run_nodes(const std::vector<Work>& nodes) {
    for (const Work& node : nodes)
        if (const Result result = node(); result != Success) return result;
    return Success;
}

} // namespace

NETC_API cuStreamBeginCapture_v2(Stream* handle, int) {
    return on_stream(handle, [](Stream& stream) -> Result {
        if (&stream == &stream.context->null_stream) return CaptureUnsupported; // the legacy stream cannot be captured
        if (stream.capture) return InvalidValue;
        stream.capture = std::make_shared<Capture>();
        stream.capture->origin = &stream;
        stream.capture->members.insert(&stream);
        return Success;
    });
}

NETC_API cuStreamEndCapture(Stream* handle, Graph** graph) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        *graph = nullptr;
        const std::shared_ptr<Capture> capture = stream.capture;
        if (!capture) return InvalidValue;
        if (capture->origin != &stream) return CaptureUnmatched;
        for (Stream* member : capture->members) member->capture.reset();
        if (capture->invalid) return CaptureInvalidated;
        if (!capture->unjoined.empty()) return CaptureUnjoined;
        auto made = std::make_shared<Graph>();
        made->context = stream.context;
        made->nodes = std::move(capture->nodes);
        *graph = driver().graphs.add(made);
        return Success;
    });
}

NETC_API cuStreamIsCapturing(Stream* handle, int* status) {
    return on_stream(handle, [&](Stream& stream) -> Result {
        *status = !stream.capture ? 0 : stream.capture->invalid ? 2 : 1;
        return Success;
    });
}

NETC_API cuGraphInstantiateWithFlags(GraphExec** executable, Graph* handle, unsigned long long) {
    return call(Needs::Context, [&]() -> Result {
        const auto graph = driver().graphs.find(handle);
        if (graph == nullptr || executable == nullptr) return InvalidValue;
        auto made = std::make_shared<GraphExec>();
        made->context = graph->context;
        made->nodes = graph->nodes;
        *executable = driver().executables.add(made);
        return Success;
    });
}

NETC_API cuGraphGetNodes(Graph* handle, void** nodes, size_t* count) {
    return call(Needs::Context, [&]() -> Result {
        const auto graph = driver().graphs.find(handle);
        if (graph == nullptr || nodes != nullptr) return InvalidValue; // only their number is known
        *count = graph->nodes.size();
        return Success;
    });
}

NETC_API cuGraphLaunch(GraphExec* handle, Stream* stream_handle) {
    return on_stream(stream_handle, [&](Stream& stream) -> Result {
        const auto executable = driver().executables.find(handle);
        if (executable == nullptr) return InvalidHandle;
        return enqueue(stream, [executable] { return run_nodes(executable->nodes); });
    });
}

NETC_API cuGraphUpload(GraphExec* handle, Stream* stream) {
    return call(Needs::Context, [&]() -> Result {
        return driver().executables.find(handle) == nullptr || stream_of(stream) == nullptr ? InvalidHandle : Success;
    });
}

NETC_API cuGraphExecDestroy(GraphExec* handle) {
    return release_call([&]() -> Result { return driver().executables.remove(handle) ? Success : InvalidValue; });
}

NETC_API cuGraphDestroy(Graph* handle) {
    return release_call([&]() -> Result { return driver().graphs.remove(handle) ? Success : InvalidValue; });
}
