#include "device/count.h"
#include "device/block.h"
#include "device/requests.h"
#include <array>
#include <map>
#include <unordered_map>
#include <vector>

namespace emulated {

namespace {

struct Counters {
    uint64_t launches = 0, blocks = 0, threads = 0, barriers = 0, atomics = 0, products = 0;
    std::array<Traffic, 4> traffic; // by `Kind`
};

enum Kind { GlobalRead, GlobalWrite, SharedRead, SharedWrite };

/// What the lanes of the warp at work have asked for at one instruction since their last stop.
struct Site {
    Kind kind = GlobalRead;
    std::array<uint32_t, 32> turns{};
    std::vector<Request> requests; // the first `used` of them
    size_t used = 0;
};

struct State {
    std::map<std::string, Counters> kernels;
    Counters* here = nullptr; // of the launch at hand
    std::unordered_map<uintptr_t, Site> sites;
    std::vector<Site*> touched;
    uint32_t launch = 0;
};

State& state() {
    static State& instance = *new State; // never destroyed: the process may end in any order
    return instance;
}

void note(uintptr_t address, size_t bytes, Kind kind, const void* code) {
    State& s = state();
    Site& site = s.sites[reinterpret_cast<uintptr_t>(code) * 4 + kind];
    const unsigned lane = block().current->linear % 32;
    const size_t turn = site.turns[lane]++;
    if (site.used == 0) {
        site.kind = kind;
        s.touched.push_back(&site);
    }
    if (turn >= site.requests.size()) site.requests.resize(turn + 1);
    for (; site.used <= turn; ++site.used) site.requests[site.used] = Request();
    Request& request = site.requests[turn];
    request.lanes |= 1u << lane;
    request.bytes = static_cast<uint32_t>(bytes);
    request.addresses[lane] = address;
}

void add(const Site& site, const Request& request) {
    Traffic& traffic = state().here->traffic[site.kind];
    if (site.kind == SharedRead || site.kind == SharedWrite) add_shared(traffic, request);
    else add_global(traffic, request, site.kind == GlobalWrite, state().launch);
}

std::string written(const Traffic& traffic) {
    std::string text;
    for (const uint64_t number : {traffic.requests, traffic.bytes, traffic.units, traffic.ideal_units, traffic.footprint})
        text += (text.empty() ? "" : ":") + std::to_string(number);
    return text;
}

} // namespace

void start_counting() {
    State& s = state();
    const Launch& launch = block().launch;
    s.here = &s.kernels[launch.kernel->name];
    ++s.here->launches;
    s.here->blocks += launch.blocks();
    s.here->threads += launch.blocks() * launch.threads();
    s.sites.clear();
    s.touched.clear();
    ++s.launch;
}

void count_warp() {
    State& s = state();
    for (Site* site : s.touched) {
        for (size_t i = 0; i < site->used; ++i) add(*site, site->requests[i]);
        site->turns.fill(0);
        site->used = 0;
    }
    s.touched.clear();
}

void count_barrier() {
    if (config().count) ++state().here->barriers;
}

void count_atomic() {
    if (config().count) ++state().here->atomics;
}

void count_products(uint64_t operations) {
    if (config().count) state().here->products += operations;
}

void count_global(uintptr_t address, size_t bytes, Access access, const void* site) {
    if (access != Access::Atomic) note(address, bytes, access == Access::Write ? GlobalWrite : GlobalRead, site);
}

void count_shared(size_t offset, size_t bytes, Access access, const void* site) {
    if (access != Access::Atomic) note(offset, bytes, access == Access::Write ? SharedWrite : SharedRead, site);
}

std::string counters_text() {
    std::string text;
    for (const auto& [name, c] : state().kernels)
        text += name + " launches=" + std::to_string(c.launches) + " blocks=" + std::to_string(c.blocks) + " threads=" +
                std::to_string(c.threads) + " barriers=" + std::to_string(c.barriers) + " atomics=" + std::to_string(c.atomics) +
                " products=" + std::to_string(c.products) + " global_reads=" + written(c.traffic[GlobalRead]) + " global_writes=" +
                written(c.traffic[GlobalWrite]) + " shared_reads=" + written(c.traffic[SharedRead]) + " shared_writes=" +
                written(c.traffic[SharedWrite]) + "\n";
    return text;
}

void reset_counters() { state().kernels.clear(); }

} // namespace emulated
