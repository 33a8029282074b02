#include "device/shared.h"
#include "device/block.h"
#include <algorithm>
#include <cstring>

namespace emulated {

SharedMemory shared_memory;

namespace {

void poison(size_t index) {
    SharedMemory& m = shared_memory;
    const SharedVariable& variable = m.module->shared_variables()[index];
    if (variable.guard) return;
    std::memset(reinterpret_cast<void*>(m.base + variable.offset), 0xff, variable.bytes);
    std::memset(m.knowledge.data() + variable.offset, Unwritten, variable.bytes);
    m.touched[index] = 0;
}

void change_module(const Launch& launch) {
    SharedMemory& m = shared_memory;
    const auto& variables = launch.module->shared_variables();
    m.module = launch.module;
    m.number = launch.module->number();
    m.base = launch.shared_base;
    m.knowledge.assign(launch.shared_bytes, Unallocated);
    m.variables.assign(launch.shared_bytes, no_variable);
    m.touched.assign(variables.size(), 1);
    m.used.assign(variables.size(), 0);
    for (size_t i = 0; i < variables.size(); ++i) {
        const auto first = m.variables.begin() + static_cast<ptrdiff_t>(variables[i].offset);
        std::fill_n(first, variables[i].bytes, variables[i].guard ? guard_variable : static_cast<uint16_t>(i));
    }
}

} // namespace

void start_shared_memory() {
    SharedMemory& m = shared_memory;
    const Launch& launch = block().launch;
    if (m.number != launch.module->number() || m.base != launch.shared_base) change_module(launch);
    for (size_t i = 0; i < m.touched.size(); ++i)
        if (m.touched[i] || !config().check) poison(i);
}

size_t shared_bytes_used() {
    SharedMemory& m = shared_memory;
    size_t bytes = 0;
    for (size_t i = 0; i < m.used.size(); ++i)
        if (m.used[i]) bytes += m.module->shared_variables()[i].bytes;
    m.used.assign(m.used.size(), 0);
    return bytes;
}

void mark_shared(uintptr_t address, size_t bytes, Knowledge knowledge) {
    std::memset(shared_memory.knowledge.data() + (address - shared_memory.base), knowledge, bytes);
}

std::string shared_place(size_t offset) {
    std::string nearest = "in no shared variable";
    for (const SharedVariable& variable : shared_memory.module->shared_variables()) {
        if (variable.guard || variable.offset > offset) continue;
        const size_t into = offset - variable.offset;
        nearest = into < variable.bytes ? std::to_string(into) + " bytes into" : std::to_string(into - variable.bytes) + " bytes after the end of";
        nearest += " shared `" + variable.name + "` of " + std::to_string(variable.bytes) + " bytes";
    }
    return nearest;
}

} // namespace emulated
