// cp.async: bytes that arrive at the wait and not before, so that a missing wait shows.
#include "device/access.h"
#include "device/block.h"
#include "device/race.h"
#include "device/report.h"
#include "device/shared.h"
#include <cstring>

namespace emulated {

namespace {

constexpr unsigned open_group = ~0u; // not committed yet

void check_copy(const AsyncCopy& copy, const void* site) {
    const auto to = reinterpret_cast<uintptr_t>(copy.shared), from = reinterpret_cast<uintptr_t>(copy.global);
    if (!is_shared(to)) fail(IllegalAddress, "an asynchronous copy to memory that is not shared", site);
    if (is_shared(from)) fail(IllegalAddress, "an asynchronous copy from shared memory", site);
    if (copy.valid) check_access(from, copy.bytes, Access::Read, site);
    check_access(to, copy.bytes, Access::Write, site);
}

void arrive(const AsyncCopy& copy, const void* site) {
    if (copy.valid) std::memcpy(copy.shared, copy.global, copy.bytes);
    else std::memset(copy.shared, 0, copy.bytes);
    const auto address = reinterpret_cast<uintptr_t>(copy.shared);
    if (config().check) mark_shared(address, copy.bytes, Written);
    // To other threads it is written now, by the thread that waits.
    if (config().check && config().races) check_shared_race(address - block().launch.shared_base, copy.bytes, true, site);
}

} // namespace

} // namespace emulated

using namespace emulated;

extern "C" {

void netc_emulated_copy_async(void* shared, const void* global, unsigned bytes, int valid, int) {
    Thread& thread = *block().current;
    const AsyncCopy copy{shared, global, bytes, valid != 0, open_group};
    if (config().check) check_copy(copy, __builtin_return_address(0));
    std::memset(shared, 0xff, bytes);
    if (config().check) mark_shared(reinterpret_cast<uintptr_t>(shared), bytes, InFlight);
    thread.copies.push_back(copy);
}

void netc_emulated_copy_async_commit(void) {
    Thread& thread = *block().current;
    for (AsyncCopy& copy : thread.copies)
        if (copy.group == open_group) copy.group = thread.groups;
    ++thread.groups;
}

void netc_emulated_copy_async_wait(int groups_left) {
    Thread& thread = *block().current;
    const auto covered = [&](const AsyncCopy& copy) {
        return copy.group != open_group && thread.groups - copy.group > static_cast<unsigned>(groups_left);
    };
    std::vector<AsyncCopy> later;
    for (const AsyncCopy& copy : thread.copies) {
        if (covered(copy)) arrive(copy, __builtin_return_address(0));
        else later.push_back(copy);
    }
    thread.copies.swap(later);
}

} // extern "C"
