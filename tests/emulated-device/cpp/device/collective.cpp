// Barriers and what the lanes of a warp do together.
#include "device/block.h"
#include "device/count.h"
#include "device/mma.h"
#include "device/race.h"
#include "device/report.h"
#include <algorithm>
#include <map>

namespace emulated {

namespace {

const char* name_of(WarpOperation operation) {
    switch (operation) {
    case WarpOperation::Barrier: return "__syncwarp";
    case WarpOperation::Shuffle: return "a shuffle";
    case WarpOperation::Vote: return "a vote";
    case WarpOperation::Reduce: return "a reduction of a warp";
    case WarpOperation::Mma: return "a matrix product";
    }
    return "";
}

/// "32 threads at __syncthreads, name.cu:12": who waits where, for a report.
std::string waiting() {
    Block& b = block();
    std::map<std::string, unsigned> places;
    unsigned done = 0;
    for (unsigned i = 0; i < b.count; ++i) {
        const Thread& thread = b.threads[i];
        if (thread.state == ThreadState::Done) ++done;
        if (thread.state == ThreadState::AtBarrier) ++places["__syncthreads, " + place_of_line(thread.line)];
        if (thread.state == ThreadState::AtWarp) ++places[std::string(name_of(thread.warp.operation)) + ", " + place_of_line(thread.warp.line)];
    }
    std::string text;
    for (const auto& [place, count] : places) text += "\n  " + std::to_string(count) + " threads wait at " + place;
    if (done != 0) text += "\n  " + std::to_string(done) + " threads have ended";
    return text;
}

uint64_t shuffled(unsigned warp, unsigned lane, const WarpRequest& request) {
    const int width = request.width, me = static_cast<int>(lane), start = me & ~(width - 1);
    int source = me;
    switch (request.kind) {
    case NETC_SHUFFLE_INDEX: source = start + (request.argument & (width - 1)); break;
    case NETC_SHUFFLE_UP: source = me - request.argument >= start ? me - request.argument : me; break;
    case NETC_SHUFFLE_DOWN: source = me + request.argument < start + width ? me + request.argument : me; break;
    case NETC_SHUFFLE_XOR: source = (me ^ request.argument) < start + width ? me ^ request.argument : me; break;
    }
    Thread* from = block().lane(warp, static_cast<unsigned>(source));
    if (from == nullptr || (request.mask >> source & 1) == 0) {
        if (block().launch.error == NoError)
            fail_block(LaunchFailed, "a shuffle reads lane " + std::to_string(source) + ", which " +
                                         (from == nullptr ? "does not exist" : "its mask leaves out") + ", at " + place_of_line(request.line));
        return 0;
    }
    return from->warp.value;
}

uint64_t voted(unsigned mask, unsigned ballot, int kind) {
    if (kind == NETC_VOTE_ALL) return (ballot & mask) == mask;
    if (kind == NETC_VOTE_ANY) return (ballot & mask) != 0;
    return ballot & mask;
}

int64_t reduced(int kind, int64_t a, int64_t b) {
    switch (kind) {
    case NETC_REDUCE_ADD: return a + b;
    case NETC_REDUCE_MIN: return std::min(a, b);
    case NETC_REDUCE_MAX: return std::max(a, b);
    case NETC_REDUCE_AND: return a & b;
    case NETC_REDUCE_OR: return a | b;
    default: return a ^ b;
    }
}

/// The lanes of `mask` that exist.
unsigned existing(unsigned warp, unsigned mask) {
    const unsigned left = block().count - warp * 32;
    return left < 32 ? mask & ((1u << left) - 1) : mask;
}

/// All of them have come to the same operation with the same mask.
bool complete(unsigned warp, const WarpRequest& first, unsigned lanes) {
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((lanes >> lane & 1) == 0) continue;
        const Thread& thread = *block().lane(warp, lane);
        const WarpRequest& other = thread.warp;
        const bool same = thread.state == ThreadState::AtWarp && other.operation == first.operation && other.kind == first.kind &&
                          other.mask == first.mask && other.line == first.line;
        if (!same) return false;
    }
    return true;
}

void combine(unsigned warp, const WarpRequest& first, unsigned lanes) {
    Block& b = block();
    std::array<uint64_t, 32> results{};
    unsigned ballot = 0;
    int64_t sum = 0;
    bool begun = false;
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((lanes >> lane & 1) == 0) continue;
        const auto value = static_cast<int64_t>(b.lane(warp, lane)->warp.value);
        if (value != 0) ballot |= 1u << lane;
        sum = begun ? reduced(first.kind, sum, value) : value;
        begun = true;
    }
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((lanes >> lane & 1) == 0) continue;
        const WarpRequest& request = b.lane(warp, lane)->warp;
        if (request.operation == WarpOperation::Shuffle) results[lane] = shuffled(warp, lane, request);
        if (request.operation == WarpOperation::Vote) results[lane] = voted(lanes, ballot, request.kind);
        if (request.operation == WarpOperation::Reduce) results[lane] = static_cast<uint64_t>(sum);
    }
    if (first.operation == WarpOperation::Mma) multiply(warp, first.kind);
    if (first.operation == WarpOperation::Barrier) order_warp(warp);
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((lanes >> lane & 1) == 0) continue;
        b.lane(warp, lane)->warp.value = results[lane];
        b.lane(warp, lane)->state = ThreadState::Ready;
    }
}

/// A request that can never be served: its mask names a lane that has ended or waits elsewhere for the block.
bool hopeless(unsigned warp, unsigned lanes) {
    for (unsigned lane = 0; lane < 32; ++lane)
        if ((lanes >> lane & 1) != 0 && block().lane(warp, lane)->state == ThreadState::Done) return true;
    return false;
}

} // namespace

bool serve_warp(unsigned warp) {
    Block& b = block();
    bool served = false;
    for (unsigned lane = 0; lane < 32; ++lane) {
        Thread* thread = b.lane(warp, lane);
        if (thread == nullptr || thread->state != ThreadState::AtWarp) continue;
        const WarpRequest first = thread->warp;
        const unsigned lanes = existing(warp, first.mask);
        if (complete(warp, first, lanes)) {
            combine(warp, first, lanes);
            served = true;
        } else if (hopeless(warp, lanes)) {
            fail_block(LaunchFailed, std::string(name_of(first.operation)) + " names lanes that have ended:" + waiting());
        }
        if (b.launch.error != NoError) return false;
    }
    return served;
}

bool serve_barrier() {
    Block& b = block();
    unsigned done = 0, at_barrier = 0, value_count = 0;
    bool same = true;
    const Thread& first = b.threads[0];
    for (unsigned i = 0; i < b.count; ++i) {
        const Thread& thread = b.threads[i];
        done += thread.state == ThreadState::Done;
        at_barrier += thread.state == ThreadState::AtBarrier;
        same &= thread.line == first.line && thread.barrier_kind == first.barrier_kind;
        value_count += thread.barrier_value != 0;
    }
    if (done == b.count) return false;
    if (at_barrier != b.count || !same) {
        fail_block(LaunchFailed, "threads of a block do not meet at one barrier:" + waiting());
        return false;
    }
    const int kind = first.barrier_kind;
    const int value = static_cast<int>(kind == 2 ? value_count == b.count : kind == 3 ? value_count != 0 : value_count);
    for (unsigned i = 0; i < b.count; ++i) {
        b.threads[i].barrier_value = value;
        b.threads[i].state = ThreadState::Ready;
    }
    order_block();
    count_barrier();
    return true;
}

namespace {

uint64_t meet(const WarpRequest& request) {
    Thread& thread = *block().current;
    if ((request.mask >> (thread.linear % 32) & 1) == 0)
        fail(LaunchFailed, std::string(name_of(request.operation)) + " whose mask leaves out the lane itself", nullptr, request.line);
    thread.warp = request;
    suspend(ThreadState::AtWarp);
    return thread.warp.value;
}

} // namespace

} // namespace emulated

using namespace emulated;

extern "C" {

int netc_emulated_barrier(int kind, int predicate, int line) {
    Thread& thread = *block().current;
    thread.barrier_kind = kind;
    thread.barrier_value = predicate;
    thread.line = line;
    suspend(ThreadState::AtBarrier);
    return thread.barrier_value;
}

void netc_emulated_warp_barrier(unsigned mask, int line) {
    meet({WarpOperation::Barrier, 0, mask, 0, 0, 32, line, nullptr, nullptr, nullptr});
}

unsigned long long netc_emulated_shuffle(int kind, unsigned mask, unsigned long long value, int argument, int width, int line) {
    return meet({WarpOperation::Shuffle, kind, mask, value, argument, width, line, nullptr, nullptr, nullptr});
}

unsigned netc_emulated_vote(int kind, unsigned mask, int predicate, int line) {
    return static_cast<unsigned>(meet({WarpOperation::Vote, kind, mask, predicate != 0, 0, 32, line, nullptr, nullptr, nullptr}));
}

long long netc_emulated_reduce(int kind, unsigned mask, long long value, int line) {
    return static_cast<long long>(
        meet({WarpOperation::Reduce, kind, mask, static_cast<uint64_t>(value), 0, 32, line, nullptr, nullptr, nullptr}));
}

void netc_emulated_mma(int kind, float* c, const unsigned* a, const unsigned* b, int line) {
    if (block().count % 32 != 0) fail(LaunchFailed, "a matrix product in a block that is no multiple of 32 threads", nullptr, line);
    meet({WarpOperation::Mma, kind, 0xffffffffu, 0, 0, 32, line, c, a, b});
}

void netc_emulated_fence(void) { order_grid(); }

} // extern "C"
