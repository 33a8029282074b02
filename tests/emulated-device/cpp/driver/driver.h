// The objects behind the driver's handles, and what every function of it does first.
//
// Work is lazy: a stream is a queue that is carried out when somebody waits for it (synchronisation, a copy to pageable memory, an
// event) and not before, so that a result read too early is not there yet, as on a GPU.
#pragma once
#include "device/block.h"
#include "device/memory.h"
#include "device/module.h"
#include "driver/codes.h"
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace emulated {

struct Context;
struct Stream;

struct Event {
    Context* context = nullptr;
    uint64_t recorded = 0, done = 0; // records asked for, and carried out
    Stream* stream = nullptr;        // of the last record
    double milliseconds = 0;         // when the last one was carried out
    std::weak_ptr<struct Capture> capture;
    uint64_t captured_work = 0; // nodes of the capture when it was recorded
    bool timing = true;
};

/// What a graph does, in an order that respects its edges: that of the capture.
using Work = std::function<Result()>;

/// A stream's capture, joined by other streams through events.
struct Capture {
    std::vector<Work> nodes;
    std::set<Stream*> members;
    std::map<Stream*, uint64_t> unjoined; // work of a member that the origin has not waited for
    Stream* origin = nullptr;
    bool invalid = false;
};

struct Operation {
    enum Kind { Run, Record, Wait } kind;
    Work work;
    std::shared_ptr<Event> event;
    uint64_t record = 0;
    Stream* recorder = nullptr;
};

struct Stream {
    Context* context = nullptr;
    bool blocking = false; // waits for the null stream, and that one for it
    std::deque<Operation> queue;
    std::shared_ptr<Capture> capture;
};

struct Function {
    std::shared_ptr<Module> module;
    const netc_emulated_kernel* kernel = nullptr;
    Context* context = nullptr;
    std::shared_ptr<size_t> shared_bytes = std::make_shared<size_t>(0); // known after its first launch
};

struct LoadedModule {
    Context* context = nullptr;
    std::shared_ptr<Module> module;
    std::map<std::string, std::unique_ptr<Function>> functions;
};

struct Graph {
    Context* context = nullptr;
    std::vector<Work> nodes;
};

struct GraphExec {
    Context* context = nullptr;
    std::vector<Work> nodes;
};

/// Live objects of one kind by their handle.
template <class T> class Handles {
  public:
    T* add(std::shared_ptr<T> object) {
        T* handle = object.get();
        objects_[handle] = std::move(object);
        return handle;
    }
    std::shared_ptr<T> find(T* handle) const {
        const auto found = objects_.find(handle);
        return found == objects_.end() ? nullptr : found->second;
    }
    bool remove(T* handle) { return objects_.erase(handle) != 0; }
    size_t count() const { return objects_.size(); }
    const std::map<T*, std::shared_ptr<T>>& all() const { return objects_; }
    /// Those of a context go with it.
    size_t remove_of(const Context* context) {
        size_t removed = 0;
        for (auto it = objects_.begin(); it != objects_.end();) {
            const bool gone = it->second->context == context;
            it = gone ? objects_.erase(it) : std::next(it);
            removed += gone;
        }
        return removed;
    }

  private:
    std::map<T*, std::shared_ptr<T>> objects_;
};

struct Context {
    int device = 0;
    int users = 0; // of a primary context
    bool primary = false;
    Result error = Success; // of a kernel: from then on every call ends in it
    Stream null_stream;
};

struct Driver {
    bool initialized = false;
    std::vector<std::unique_ptr<Arena>> memory; // a device each
    std::unique_ptr<Arena> pinned;
    std::map<int, std::unique_ptr<Context>> primary;
    std::vector<std::unique_ptr<Context>> others;
    Handles<Stream> streams;
    Handles<Event> events;
    Handles<LoadedModule> modules;
    Handles<Graph> graphs;
    Handles<GraphExec> executables;
    size_t abandoned = 0; // objects that lived when a healthy context ended
};

Driver& driver();
std::recursive_mutex& driver_lock();
Context*& current_context();

Arena& memory_of(const Context& context);
Arena& pinned_memory();
bool known(const Context* context);

/// Everything that the context's streams still have to do.
Result finish(Context& context);
/// Work of one stream, up to `event`'s `record` where given.
Result finish(Stream& stream, const Event* event = nullptr, uint64_t record = 0);
/// Adds work, or a node where the stream is captured.
Result enqueue(Stream& stream, Work work);
/// Null: no such stream.
Stream* stream_of(Stream* handle);
/// Refuses what may not be done while any stream of the context is captured.
Result refuse_in_capture(Context& context);

/// A range of memory that the device may use.
bool device_range(const Context& context, uintptr_t address, size_t bytes);

enum class Needs { Nothing, Initialized, Context };
/// What stands in the way of a call: faults, no context, an earlier error. `Success` where nothing does.
Result before_call(Needs needs);

/// Every function of the driver: one at a time, and nothing escapes it.
template <class Body> Result call(Needs needs, Body body) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    try {
        const Result obstacle = before_call(needs);
        return obstacle != Success ? obstacle : body();
    } catch (const std::bad_alloc&) {
        return OutOfMemory;
    }
}

/// The same for what gives an object back: it is done whatever has happened to the device.
template <class Body> Result release_call(Body body) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    const Result obstacle = before_call(Needs::Initialized);
    const Result result = body();
    return obstacle != Success ? obstacle : result;
}

/// A call on a stream: `body` takes it.
template <class Body> Result on_stream(Stream* handle, Body body) {
    return call(Needs::Context, [&]() -> Result {
        Stream* stream = stream_of(handle);
        return stream == nullptr ? InvalidHandle : body(*stream);
    });
}

} // namespace emulated

#define NETC_API extern "C" __attribute__((visibility("default"))) int
