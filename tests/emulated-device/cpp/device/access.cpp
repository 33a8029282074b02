// g++ -fsanitize=thread calls `__tsan_readN` before each access to memory that another thread may see: constant addresses too, once for
// each access, which -fsanitize=kernel-address does not. These functions stand in for its run time library.
#include "device/access.h"
#include "device/block.h"
#include "device/count.h"
#include "device/race.h"
#include "device/report.h"
#include "device/shared.h"
#include <cstring>
#include <string>

#define NETC_INLINE inline __attribute__((always_inline)) // called once an access, tens of millions of times a second

namespace emulated {

namespace {

std::string described(size_t bytes, Access access) {
    const char* verb = access == Access::Read ? "reads " : access == Access::Write ? "writes " : "changes atomically ";
    return verb + std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

/// Why bytes of this knowledge may not be touched so; null: they may.
const char* objection(uint8_t knowledge, Access access) {
    switch (knowledge) {
    case Written: return nullptr;
    case Unwritten: return access == Access::Write ? nullptr : "which nobody has written to";
    case InFlight: return "to which an asynchronous copy is under way: wait for it first";
    case Freed: return "";
    default: return "";
    }
}

/// The place of a byte in words.
std::string place_of(uintptr_t address) {
    const Launch& launch = block().launch;
    if (is_shared(address)) return shared_place(address - launch.shared_base);
    if (launch.memory->contains(address)) return launch.memory->place(address);
    return launch.pinned->place(address);
}

[[noreturn]] void refuse(uintptr_t address, size_t bytes, Access access, const char* why, const void* site) {
    fail(IllegalAddress, described(bytes, access) + " " + place_of(address) + (*why == 0 ? "" : std::string(", ") + why), site);
}

constexpr uint32_t four_written = 0x01010101u * Written;

NETC_INLINE bool all_written(const uint8_t* knowledge, size_t bytes) {
    if (bytes == 1) return *knowledge == Written;
    for (size_t i = 0; i + 4 <= bytes; i += 4) {
        uint32_t word;
        std::memcpy(&word, knowledge + i, 4);
        if (word != four_written) return false;
    }
    return bytes % 4 == 0;
}

[[noreturn]] void refuse_alignment(size_t bytes, Access access, const void* site) {
    fail(MisalignedAddress, described(bytes, access) + " at an address that is no multiple of " + std::to_string(bytes), site);
}

void check_bytes(uint8_t* knowledge, uintptr_t address, size_t bytes, Access access, const void* site) {
    for (size_t i = 0; i < bytes; ++i) {
        const char* why = objection(knowledge[i], access);
        if (why != nullptr) refuse(address + i, bytes, access, why, site);
    }
    if (access == Access::Read) return;
    for (size_t i = 0; i < bytes; ++i) knowledge[i] = Written;
}

NETC_INLINE void check_knowledge(uint8_t* knowledge, uintptr_t address, size_t bytes, Access access, const void* site) {
    if (!all_written(knowledge, bytes)) check_bytes(knowledge, address, bytes, access, site);
}

NETC_INLINE void check_global(const Arena& memory, uintptr_t address, size_t bytes, Access access, const void* site) {
    check_knowledge(memory.knowledge(address), address, bytes, access, site);
    if (block().launch.races && bytes >= 4) {
        const Stamps& stamps = memory.stamps();
        const size_t first = memory.word(address), last = memory.word(address + bytes - 1);
        if (access == Access::Atomic) check_race_of_atomic(stamps.writers[first], stamps.readers[first], false, site);
        else for (size_t word = first; word <= last; ++word)
            check_race(stamps.writers[word], stamps.readers[word], access == Access::Write, false, site);
    }
    if (block().launch.count) count_global(address, bytes, access, site);
}

NETC_INLINE void check_shared(uintptr_t address, size_t bytes, Access access, const void* site) {
    const size_t offset = address - block().launch.shared_base;
    SharedMemory& shared = shared_memory;
    const uint16_t variable = shared.variables[offset];
    if (variable == guard_variable) return;
    if (variable == no_variable || offset + bytes > shared.variables.size() || shared.variables[offset + bytes - 1] == no_variable)
        refuse(address, bytes, access, "", site);
    shared.touched[variable] = shared.used[variable] = 1;
    check_knowledge(&shared.knowledge[offset], address, bytes, access, site);
    if (block().launch.races && access == Access::Atomic)
        check_race_of_atomic(race_clock.shared_writers[offset], race_clock.shared_readers[offset], true, site);
    else if (block().launch.races) check_shared_race(offset, bytes, access == Access::Write, site);
    if (block().launch.count) count_shared(offset, bytes, access, site);
}

/// On the stack of the thread at work.
NETC_INLINE bool is_local(uintptr_t address) { return address - local_memory < stack_bytes; }

bool is_stack_of(const Thread& thread, uintptr_t address) {
    return address - reinterpret_cast<uintptr_t>(thread.fiber.stack) < stack_bytes;
}

void check_elsewhere(uintptr_t address, size_t bytes, Access access, const void* site) {
    const auto state = reinterpret_cast<uintptr_t>(&netc_emulated);
    if (address - state < sizeof netc_emulated) return; // threadIdx and its like
    const Block& b = block();
    if (b.launch.module->owns(address, bytes)) return;  // constants and tables
    for (unsigned i = 0; i < b.count; ++i)
        if (b.threads[i].fiber.stack != nullptr && is_stack_of(b.threads[i], address))
            fail(IllegalAddress, described(bytes, access) + " in the local memory of " + thread_name(b.threads[i]), site);
    fail(IllegalAddress, described(bytes, access) + (address < 4096 ? " at a null pointer" : " that are not the device's: memory of the host"), site);
}

/// In each function of the instrumentation once more, with its size and kind known.
NETC_INLINE void check(uintptr_t address, size_t bytes, Access access, const void* site) {
    const Block& b = block();
    if (b.current == nullptr || is_local(address)) return;
    const bool power_of_two = (bytes & (bytes - 1)) == 0;
    if (power_of_two && bytes <= 16 && (address & (bytes - 1)) != 0)
        refuse_alignment(bytes, access, site);
    const Launch& launch = b.launch;
    if (launch.memory->contains(address)) check_global(*launch.memory, address, bytes, access, site);
    else if (address - launch.shared_base < launch.shared_bytes) check_shared(address, bytes, access, site);
    else if (launch.pinned->contains(address)) check_global(*launch.pinned, address, bytes, access, site);
    else check_elsewhere(address, bytes, access, site);
}

} // namespace

bool is_shared(uintptr_t address) {
    const Launch& launch = block().launch;
    return address - launch.shared_base < launch.shared_bytes;
}

void check_access(uintptr_t address, size_t bytes, Access access, const void* site) { check(address, bytes, access, site); }

} // namespace emulated

using namespace emulated;

#pragma GCC visibility push(default)
// Most accesses are to local memory: they cost three instructions.
#define NETC_ACCESS(NAME, BYTES, KIND)                                                                                          \
    static __attribute__((noinline)) void NAME##_elsewhere(uintptr_t address, const void* site) {                               \
        check(address, BYTES, Access::KIND, site);                                                                              \
    }                                                                                                                           \
    extern "C" void NAME(void* address) {                                                                                       \
        const auto at = reinterpret_cast<uintptr_t>(address);                                                                   \
        if (!is_local(at)) NAME##_elsewhere(at, __builtin_return_address(0));                                                   \
    }
NETC_ACCESS(__tsan_read1, 1, Read)
NETC_ACCESS(__tsan_read2, 2, Read)
NETC_ACCESS(__tsan_read4, 4, Read)
NETC_ACCESS(__tsan_read8, 8, Read)
NETC_ACCESS(__tsan_read16, 16, Read)
NETC_ACCESS(__tsan_write1, 1, Write)
NETC_ACCESS(__tsan_write2, 2, Write)
NETC_ACCESS(__tsan_write4, 4, Write)
NETC_ACCESS(__tsan_write8, 8, Write)
NETC_ACCESS(__tsan_write16, 16, Write)
#undef NETC_ACCESS

extern "C" {
void __tsan_read_range(void* address, size_t bytes) {
    check_access(reinterpret_cast<uintptr_t>(address), bytes, Access::Read, __builtin_return_address(0));
}
void __tsan_write_range(void* address, size_t bytes) {
    check_access(reinterpret_cast<uintptr_t>(address), bytes, Access::Write, __builtin_return_address(0));
}
void __tsan_init(void) {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit(void) {}
}
#pragma GCC visibility pop
