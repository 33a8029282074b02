#include "device/fiber.h"
#include <cstdint>
#include <new>
#include <sys/mman.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <ucontext.h>
#endif

namespace emulated {

namespace {
constexpr size_t guard_bytes = 16 << 10; // a multiple of every page size in use but 64 KiB pages
}

Stacks::~Stacks() {
    for (char* stack : all_) munmap(stack - guard_bytes, guard_bytes + stack_bytes);
}

char* Stacks::take() {
    if (free_.empty()) {
        void* memory = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        mprotect(memory, guard_bytes, PROT_NONE);
        all_.push_back(static_cast<char*>(memory) + guard_bytes);
        free_.push_back(all_.back());
    }
    char* stack = free_.back();
    free_.pop_back();
    return stack;
}

#if defined(__x86_64__)

// System V: rbx, rbp and r12 to r15 belong to the caller.
asm(R"(
.text
.p2align 4
.type netc_emulated_switch_stack,@function
netc_emulated_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size netc_emulated_switch_stack, .-netc_emulated_switch_stack
)");
extern "C" __attribute__((visibility("hidden"))) void netc_emulated_switch_stack(void** from, void* to);

void prepare(Fiber& fiber, void (*entry)()) {
    void** top = reinterpret_cast<void**>(fiber.stack + stack_bytes);
    *--top = nullptr; // where a return address would stand: a function expects its stack at 8 beside a multiple of 16
    *--top = reinterpret_cast<void*>(entry);
    for (int i = 0; i < 6; ++i) *--top = nullptr;
    fiber.context = top;
}

void switch_to(Fiber& from, Fiber& to) { netc_emulated_switch_stack(&from.context, to.context); }

#elif defined(__aarch64__)

// AAPCS64: x19 to x30 and d8 to d15 belong to the caller.
asm(R"(
.text
.p2align 4
.type netc_emulated_switch_stack,%function
netc_emulated_switch_stack:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
.size netc_emulated_switch_stack, .-netc_emulated_switch_stack
)");
extern "C" __attribute__((visibility("hidden"))) void netc_emulated_switch_stack(void** from, void* to);

void prepare(Fiber& fiber, void (*entry)()) {
    void** top = reinterpret_cast<void**>(fiber.stack + stack_bytes) - 20;
    for (int i = 0; i < 20; ++i) top[i] = nullptr;
    top[11] = reinterpret_cast<void*>(entry); // x30
    fiber.context = top;
}

void switch_to(Fiber& from, Fiber& to) { netc_emulated_switch_stack(&from.context, to.context); }

#else

// Any other machine: the C library's switch, a system call each time.
void prepare(Fiber& fiber, void (*entry)()) {
    auto* context = new ucontext_t;
    getcontext(context);
    context->uc_stack.ss_sp = fiber.stack;
    context->uc_stack.ss_size = stack_bytes;
    makecontext(context, entry, 0);
    delete static_cast<ucontext_t*>(fiber.context);
    fiber.context = context;
}

void switch_to(Fiber& from, Fiber& to) {
    if (from.context == nullptr) from.context = new ucontext_t;
    swapcontext(static_cast<ucontext_t*>(from.context), static_cast<ucontext_t*>(to.context));
}

#endif

} // namespace emulated
