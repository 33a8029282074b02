#include "device/requests.h"
#include "device/block.h"
#include <algorithm>
#include <vector>

namespace emulated {

namespace {

constexpr uint64_t sector = 32;
constexpr unsigned banks = 32;

/// Different bytes of sorted addresses.
uint64_t different_bytes(const std::vector<uint64_t>& sorted, uint64_t bytes) {
    uint64_t total = 0, end = 0;
    for (uint64_t address : sorted) {
        total += address + bytes - std::min(std::max(end, address), address + bytes);
        end = std::max(end, address + bytes);
    }
    return total;
}

/// Bytes of the sector if the launch has not touched it before.
uint64_t first_touch(uint64_t number, bool write, uint32_t launch) {
    for (const Arena* arena : {static_cast<const Arena*>(block().launch.memory), block().launch.pinned}) {
        if (!arena->contains(number * sector)) continue;
        uint32_t& last = arena->sector_launch(number * sector, write);
        const bool fresh = last != launch;
        last = launch;
        return fresh ? sector : 0;
    }
    return 0;
}

} // namespace

void add_global(Traffic& traffic, const Request& request, bool write, uint32_t launch) {
    static std::vector<uint64_t> addresses;
    addresses.clear();
    for (unsigned lane = 0; lane < 32; ++lane)
        if ((request.lanes >> lane & 1) != 0) addresses.push_back(request.addresses[lane]);
    std::sort(addresses.begin(), addresses.end());
    uint64_t sectors = 0, next = 0; // sectors below `next` are counted
    for (uint64_t address : addresses)
        for (uint64_t s = std::max(address / sector, next); s <= (address + request.bytes - 1) / sector; ++s) {
            ++sectors;
            traffic.footprint += first_touch(s, write, launch);
            next = s + 1;
        }
    ++traffic.requests;
    traffic.bytes += addresses.size() * request.bytes;
    traffic.units += sectors;
    traffic.ideal_units += (different_bytes(addresses, request.bytes) + sector - 1) / sector;
}

void add_shared(Traffic& traffic, const Request& request) {
    const unsigned parts = request.bytes <= 4 ? 1 : request.bytes <= 8 ? 2 : 4, lanes = 32 / parts;
    ++traffic.requests;
    for (unsigned part = 0; part < parts; ++part) {
        std::vector<uint64_t> words;
        for (unsigned lane = part * lanes; lane < (part + 1) * lanes; ++lane) {
            if ((request.lanes >> lane & 1) == 0) continue;
            traffic.bytes += request.bytes;
            const uint64_t first = request.addresses[lane] / 4, last = (request.addresses[lane] + request.bytes - 1) / 4;
            for (uint64_t word = first; word <= last; ++word) words.push_back(word);
        }
        if (words.empty()) continue;
        std::sort(words.begin(), words.end());
        words.erase(std::unique(words.begin(), words.end()), words.end());
        uint64_t load[banks] = {};
        for (uint64_t word : words) ++load[word % banks];
        traffic.units += *std::max_element(load, load + banks);
        traffic.ideal_units += (words.size() + banks - 1) / banks;
    }
}

} // namespace emulated
