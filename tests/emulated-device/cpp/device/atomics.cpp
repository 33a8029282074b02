// Integer atomics. One thread runs at a time, so that they need no care of their own.
#include "device/access.h"
#include "device/block.h"
#include "device/count.h"
#include "device/race.h"
#include "kernel/abi.h"
#include <algorithm>
#include <cstring>

namespace emulated {

namespace {

uint64_t changed(int kind, uint64_t old, uint64_t operand, uint64_t compare) {
    const auto sign = [](uint64_t value) { return static_cast<int32_t>(value); };
    switch (kind) {
    case NETC_ATOMIC_ADD: return old + operand;
    case NETC_ATOMIC_MIN: return static_cast<uint32_t>(std::min(sign(old), sign(operand)));
    case NETC_ATOMIC_MAX: return static_cast<uint32_t>(std::max(sign(old), sign(operand)));
    case NETC_ATOMIC_UMIN: return std::min(old, operand);
    case NETC_ATOMIC_UMAX: return std::max(old, operand);
    case NETC_ATOMIC_AND: return old & operand;
    case NETC_ATOMIC_OR: return old | operand;
    case NETC_ATOMIC_XOR: return old ^ operand;
    case NETC_ATOMIC_EXCHANGE: return operand;
    case NETC_ATOMIC_COMPARE: return old == compare ? operand : old;
    case NETC_ATOMIC_INC: return old >= operand ? 0 : old + 1;
    default: return old == 0 || old > operand ? operand : old - 1;
    }
}

} // namespace

} // namespace emulated

using namespace emulated;

extern "C" unsigned long long netc_emulated_atomic(int kind, void* address, unsigned bytes, unsigned long long operand,
                                                   unsigned long long compare) {
    acquire_grid();
    if (config().check) check_access(reinterpret_cast<uintptr_t>(address), bytes, Access::Atomic, __builtin_return_address(0));
    count_atomic();
    const uint64_t mask = bytes == 4 ? 0xffffffffu : ~uint64_t{0};
    uint64_t old = 0;
    std::memcpy(&old, address, bytes);
    const uint64_t value = changed(kind, old, operand & mask, compare & mask);
    std::memcpy(address, &value, bytes);
    return old;
}
