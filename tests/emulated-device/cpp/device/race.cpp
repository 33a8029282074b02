#include "device/race.h"
#include "device/block.h"
#include "device/report.h"
#include <algorithm>
#include <string>
#include <vector>

namespace emulated {

namespace {

// A stamp: when (21 bits), and who: a thread (0 ... 1023), several lanes of warp w (1024 + w), or threads of several warps.
constexpr unsigned who_bits = 11, last_time = (1u << (32 - who_bits)) - 1;
constexpr uint32_t lanes_of = 1024, several_warps = lanes_of + 32;

struct Clock {
    uint32_t now = 1, launch_start = 1, block_start = 1, phase_start = 1;
    uint32_t warp_start[32] = {};
    bool fenced = false, acquired = false;
    std::vector<uint32_t> shared_writers, shared_readers;
};

Clock& times() {
    static Clock& instance = *new Clock; // never destroyed: the process may end in any order
    return instance;
}

/// Once in two million barriers: everything is forgotten.
void forget() {
    Clock& t = times();
    const Launch& launch = block().launch;
    const_cast<Arena*>(launch.memory)->forget_stamps();
    const_cast<Arena*>(launch.pinned)->forget_stamps();
    std::fill(t.shared_writers.begin(), t.shared_writers.end(), 0);
    std::fill(t.shared_readers.begin(), t.shared_readers.end(), 0);
    t.now = t.launch_start = t.block_start = t.phase_start = 1;
    std::fill(std::begin(t.warp_start), std::end(t.warp_start), 1);
}

uint32_t tick() {
    if (times().now == last_time) forget();
    return ++times().now;
}

uint32_t warp_of(uint32_t who) { return who < lanes_of ? who / 32 : who - lanes_of; }

/// What this stamp stands for is neither the thread's own doing nor ordered before now. `shared`: another block's is another memory's.
bool unordered(uint32_t stamp, uint32_t me, bool shared) {
    const Clock& t = times();
    const uint32_t time = stamp >> who_bits, who = stamp & ((1u << who_bits) - 1);
    if (time < t.launch_start) return false;
    if (time < t.block_start) return !shared && !t.acquired;
    if (who == me) return false;
    if (who != several_warps && warp_of(who) == me / 32) return time >= t.warp_start[me / 32];
    return time >= t.phase_start;
}

/// The stamp of readers when `me` joins them.
uint32_t joined(uint32_t stamp, uint32_t me, bool shared) {
    const uint32_t now = times().now << who_bits, who = stamp & ((1u << who_bits) - 1);
    if (stamp == 0 || stamp >> who_bits < times().block_start || !unordered(stamp, me, shared)) {
        const bool kept = who != me && stamp >> who_bits >= times().phase_start; // ordered by a barrier of the warp: `me` stands for it
        return now | (kept && who == several_warps ? who : me);
    }
    const bool one_warp = who != several_warps && warp_of(who) == me / 32;
    return now | (one_warp ? lanes_of + me / 32 : several_warps);
}

std::string name_of(uint32_t stamp) {
    const uint32_t who = stamp & ((1u << who_bits) - 1);
    if (stamp >> who_bits < times().block_start) return "a thread of another block";
    if (who == several_warps) return "several threads";
    if (who >= lanes_of) return "several lanes of the warp";
    return thread_name(block().threads[who]);
}

[[noreturn]] void race(const char* doing, const char* done, uint32_t stamp, bool shared, const void* site) {
    fail(LaunchFailed,
         std::string("a race: ") + doing + (shared ? " shared" : " global") + " memory that " + name_of(stamp) + done + " with no barrier between",
         site);
}

void check(uint32_t& writer, uint32_t& reader, bool write, bool shared, const void* site) {
    const Clock& t = times();
    const uint32_t me = block().current->linear, mine = t.now << who_bits | me, first = t.launch_start << who_bits;
    if (writer >= first && writer != mine && unordered(writer, me, shared)) race(write ? "writes" : "reads", " wrote", writer, shared, site);
    if (!write) {
        if (reader != mine) reader = reader < first ? mine : joined(reader, me, shared);
        return;
    }
    if (reader >= first && reader != mine && unordered(reader, me, shared)) race("writes", " read", reader, shared, site);
    writer = mine;
}

} // namespace

void start_launch_of_races() {
    Clock& t = times();
    t.launch_start = tick();
    t.fenced = false;
    t.shared_writers.resize(std::max(t.shared_writers.size(), block().launch.shared_bytes));
    t.shared_readers.resize(t.shared_writers.size());
}

void start_block_of_races() {
    Clock& t = times();
    t.block_start = t.phase_start = tick();
    std::fill(std::begin(t.warp_start), std::end(t.warp_start), t.now);
    t.acquired = false;
}

void order_block() {
    Clock& t = times();
    t.phase_start = tick();
    std::fill(std::begin(t.warp_start), std::end(t.warp_start), t.now);
}

void order_warp(unsigned warp) { times().warp_start[warp] = tick(); }
void order_grid() { times().fenced = true; }
void acquire_grid() { times().acquired |= times().fenced; }

void check_global_race(uint32_t& writer, uint32_t& reader, bool write, const void* site) { check(writer, reader, write, false, site); }

void check_shared_race(size_t offset, size_t bytes, bool write, const void* site) {
    Clock& t = times();
    const size_t step = bytes < 4 ? 1 : 4;
    for (size_t i = offset; i < offset + bytes; i += step) check(t.shared_writers[i], t.shared_readers[i], write, true, site);
}

} // namespace emulated
