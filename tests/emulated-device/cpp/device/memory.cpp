#include "device/memory.h"
#include <algorithm>
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace emulated {

namespace {

constexpr size_t alignment = 256;
constexpr size_t guard = 256; // at least, between two allocations

size_t padded(size_t bytes) { return (std::max<size_t>(bytes, 1) + guard + alignment - 1) / alignment * alignment; }

/// Address space only: pages come when they are touched.
void* reserve(size_t bytes) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return memory;
}

} // namespace

Arena::Arena(size_t bytes) : bytes_(bytes) {
    base_ = reinterpret_cast<uintptr_t>(reserve(bytes));
    knowledge_ = static_cast<uint8_t*>(reserve(bytes));
    stamps_.writers = static_cast<uint32_t*>(reserve(bytes));
    stamps_.readers = static_cast<uint32_t*>(reserve(bytes));
    sectors_ = static_cast<uint32_t*>(reserve(bytes / 4));
    fresh_ = base_ + guard;
}

Arena::~Arena() {
    for (void* memory : {reinterpret_cast<void*>(base_), static_cast<void*>(knowledge_), static_cast<void*>(stamps_.writers),
                         static_cast<void*>(stamps_.readers)})
        munmap(memory, bytes_);
    munmap(sectors_, bytes_ / 4);
}

uintptr_t Arena::find_free(size_t bytes) {
    if (fresh_ + bytes <= base_ + bytes_) {
        const uintptr_t address = fresh_;
        fresh_ += bytes;
        return address;
    }
    uintptr_t from = base_ + guard;
    for (const auto& [address, size] : live_) {
        if (address - from >= bytes && address > from) return from;
        from = address + padded(size);
    }
    return base_ + bytes_ - from >= bytes ? from : 0;
}

uintptr_t Arena::allocate(size_t bytes) {
    if (bytes > bytes_ || used_ + padded(bytes) + guard > bytes_) return 0;
    const uintptr_t address = find_free(padded(bytes));
    if (address == 0) return 0;
    freed_.erase(freed_.lower_bound(address), freed_.lower_bound(address + padded(bytes)));
    live_[address] = bytes;
    used_ += padded(bytes);
    std::memset(reinterpret_cast<void*>(address), 0xff, bytes);
    mark(address, bytes, Unwritten);
    return address;
}

bool Arena::release(uintptr_t address) {
    const auto found = live_.find(address);
    if (found == live_.end()) return false;
    mark(address, found->second, Freed);
    used_ -= padded(found->second);
    const uintptr_t page = 4096;
    const uintptr_t first = (address + page - 1) / page * page, last = (address + found->second) / page * page;
    if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
    freed_[address] = found->second;
    live_.erase(found);
    return true;
}

void Arena::release_all() {
    while (!live_.empty()) release(live_.begin()->first);
}

bool Arena::allocated(uintptr_t address, size_t bytes) const {
    auto after = live_.upper_bound(address);
    if (after == live_.begin()) return false;
    const auto& [start, size] = *std::prev(after);
    return address - start <= size && size - (address - start) >= bytes;
}

void Arena::mark(uintptr_t address, size_t bytes, Knowledge value) {
    std::memset(knowledge(address), value, bytes);
}

void Arena::forget_stamps() const {
    madvise(stamps_.writers, bytes_, MADV_DONTNEED);
    madvise(stamps_.readers, bytes_, MADV_DONTNEED);
}

std::string Arena::place(uintptr_t address) const {
    const auto described = [](size_t bytes) { return "an allocation of " + std::to_string(bytes) + " bytes"; };
    for (const auto* map : {&live_, &freed_}) {
        auto after = map->upper_bound(address);
        if (after == map->begin()) continue;
        const auto& [start, size] = *std::prev(after);
        if (address - start < size)
            return std::to_string(address - start) + " bytes into " + described(size) + (map == &freed_ ? ", which was freed" : "");
    }
    auto after = live_.upper_bound(address);
    if (after != live_.begin()) {
        const auto& [start, size] = *std::prev(after);
        const bool nearer = after == live_.end() || address - (start + size) <= after->first - address;
        if (nearer) return std::to_string(address - (start + size)) + " bytes after the end of " + described(size);
    }
    if (after != live_.end()) return std::to_string(after->first - address) + " bytes before " + described(after->second);
    return "in no allocation";
}

} // namespace emulated
