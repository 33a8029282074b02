#include "device/shared.h"
#include "device/block.h"
#include <cstring>
#include <vector>

namespace emulated {

namespace {

struct SharedMemory {
    const Module* module = nullptr;
    uint64_t number = 0; // of the module
    uintptr_t base = 0;
    std::vector<uint8_t> knowledge;
    std::vector<uint16_t> variable;  // of each byte, counted from 1; 0: none
    std::vector<uint8_t> touched;    // by the block at work
    std::vector<uint8_t> used;       // by the launch
};

SharedMemory& memory() {
    static SharedMemory& instance = *new SharedMemory; // never destroyed: the process may end in any order
    return instance;
}

void poison(size_t index) {
    SharedMemory& m = memory();
    const SharedVariable& variable = m.module->shared_variables()[index];
    if (variable.guard) return;
    std::memset(reinterpret_cast<void*>(m.base + variable.offset), 0xff, variable.bytes);
    std::memset(m.knowledge.data() + variable.offset, Unwritten, variable.bytes);
    m.touched[index] = 0;
}

void change_module(const Launch& launch) {
    SharedMemory& m = memory();
    const auto& variables = launch.module->shared_variables();
    m.module = launch.module;
    m.number = launch.module->number();
    m.base = launch.shared_base;
    m.knowledge.assign(launch.shared_bytes, Unallocated);
    m.variable.assign(launch.shared_bytes, 0);
    m.touched.assign(variables.size(), 1);
    m.used.assign(variables.size(), 0);
    for (size_t i = 0; i < variables.size(); ++i)
        for (size_t byte = 0; byte < variables[i].bytes; ++byte) m.variable[variables[i].offset + byte] = static_cast<uint16_t>(i + 1);
}

} // namespace

void start_shared_memory() {
    SharedMemory& m = memory();
    const Launch& launch = block().launch;
    if (m.number != launch.module->number() || m.base != launch.shared_base) change_module(launch);
    for (size_t i = 0; i < m.touched.size(); ++i)
        if (m.touched[i] || !config().check) poison(i);
}

size_t shared_bytes_used() {
    SharedMemory& m = memory();
    size_t bytes = 0;
    for (size_t i = 0; i < m.used.size(); ++i)
        if (m.used[i]) bytes += m.module->shared_variables()[i].bytes;
    m.used.assign(m.used.size(), 0);
    return bytes;
}

uint8_t* shared_knowledge(size_t offset) { return memory().knowledge.data() + offset; }

size_t touch_shared(size_t offset) {
    SharedMemory& m = memory();
    const size_t index = m.variable[offset];
    if (index == 0) return no_variable;
    if (m.module->shared_variables()[index - 1].guard) return guard_variable;
    m.touched[index - 1] = m.used[index - 1] = 1;
    return index - 1;
}

void mark_shared(uintptr_t address, size_t bytes, Knowledge knowledge) {
    std::memset(shared_knowledge(address - block().launch.shared_base), knowledge, bytes);
}

std::string shared_place(size_t offset) {
    SharedMemory& m = memory();
    std::string nearest = "in no shared variable";
    for (const SharedVariable& variable : m.module->shared_variables())
        if (variable.offset <= offset)
            nearest = std::to_string(offset - variable.offset) + " bytes into shared `" + variable.name + "` of " +
                      std::to_string(variable.bytes) + " bytes";
    return nearest;
}

} // namespace emulated
