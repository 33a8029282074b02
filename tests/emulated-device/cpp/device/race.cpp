#include "device/race.h"
#include "device/block.h"
#include "device/report.h"
#include <algorithm>
#include <string>

namespace emulated {

RaceClock race_clock;

namespace {

constexpr uint32_t last_time = (1u << (32 - who_bits)) - 1;

uint32_t who_of(uint32_t stamp) { return stamp & (by_atomic - 1); }
uint32_t warp_of(uint32_t who) { return who < lanes_of ? who / 32 : who - lanes_of; }
uint32_t me() { return block().current->linear; }
bool of_my_warp(uint32_t who) { return who != several_warps && warp_of(who) == me() / 32; }

/// Once in two million barriers: everything is forgotten.
void forget() {
    RaceClock& clock = race_clock;
    block().launch.memory->forget_stamps();
    block().launch.pinned->forget_stamps();
    std::fill(clock.shared_writers.begin(), clock.shared_writers.end(), 0);
    std::fill(clock.shared_readers.begin(), clock.shared_readers.end(), 0);
    clock.now = 1;
    clock.launch = clock.block = clock.phase = 1u << who_bits;
    std::fill(std::begin(clock.warps), std::end(clock.warps), clock.phase);
}

/// The first stamp of a new time.
uint32_t tick() {
    if (race_clock.now == last_time) forget();
    return ++race_clock.now << who_bits;
}

void start_warps() { std::fill(std::begin(race_clock.warps), std::end(race_clock.warps), race_clock.phase); }

std::string name_of(uint32_t stamp) {
    const uint32_t who = who_of(stamp);
    if (stamp < race_clock.block) return "a thread of another block";
    if (who == several_warps) return "several threads";
    if (who >= lanes_of) return "several lanes of the warp";
    return thread_name(block().threads[who]);
}

/// In the block and since its last barrier, by somebody else, and no barrier of the warp lies between.
bool unordered_in_block(uint32_t stamp) {
    const uint32_t who = who_of(stamp);
    return who != me() && (!of_my_warp(who) || stamp >= race_clock.warps[me() / 32]);
}

} // namespace

uint32_t joined(uint32_t stamp) {
    const uint32_t who = who_of(stamp), now = race_clock.now << who_bits;
    // Ordered by a barrier of the warp: whoever must wait for the thread at work waits for those as well.
    if (!unordered_in_block(stamp)) return race_clock.mine;
    return now | (of_my_warp(who) ? lanes_of + me() / 32 : several_warps);
}

void refuse_unordered(uint32_t stamp, bool write, bool wrote, bool shared, const void* site) {
    if (stamp < race_clock.block ? race_clock.acquired : !unordered_in_block(stamp)) return;
    fail(LaunchFailed,
         std::string("a race: ") + (write ? "writes" : "reads") + (shared ? " shared" : " global") + " memory that " + name_of(stamp) +
             (wrote ? " wrote" : " read") + " with no barrier between",
         site);
}

void check_race_of_atomic(uint32_t& writer, uint32_t reader, bool shared, const void* site) {
    const RaceClock& clock = race_clock;
    const auto since_barrier = [&](uint32_t stamp) { return stamp >= clock.phase || (!shared && stamp >= clock.launch && stamp < clock.block); };
    const bool of_atomics = (writer & by_atomic) != 0;
    if (!of_atomics && since_barrier(writer)) refuse_unordered(writer, true, true, shared, site);
    if (since_barrier(reader)) refuse_unordered(reader, true, false, shared, site);
    if (!of_atomics && writer >= clock.phase) return; // the thread's own plain write, which others must not miss
    writer = (of_atomics && writer >= clock.phase ? joined(writer) : clock.mine) | by_atomic;
}

void start_launch_of_races() {
    RaceClock& clock = race_clock;
    clock.launch = tick();
    clock.fenced = false;
    clock.shared_writers.resize(std::max(clock.shared_writers.size(), block().launch.shared_bytes));
    clock.shared_readers.resize(clock.shared_writers.size());
}

void start_block_of_races() {
    race_clock.block = race_clock.phase = tick();
    race_clock.acquired = false;
    start_warps();
}

void order_block() {
    race_clock.phase = tick();
    start_warps();
}

void order_warp(unsigned warp) { race_clock.warps[warp] = tick(); }
void order_grid() { race_clock.fenced = true; }

void acquire_grid() { race_clock.acquired |= race_clock.fenced; }

} // namespace emulated
