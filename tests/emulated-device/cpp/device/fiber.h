// A thread of a block is a fiber: a stack of its own and a switch that keeps the registers a function must keep.
#pragma once
#include <cstddef>
#include <vector>

namespace emulated {

/// A suspended flow of control.
struct Fiber {
    void* context = nullptr;
    char* stack = nullptr; // lowest address
};

constexpr size_t stack_bytes = 128 << 10;

/// Stacks for as many threads as a block may have, mapped once; each lies above a page that nobody may touch.
class Stacks {
  public:
    ~Stacks();
    /// The stack that was given back last, as it is still in the cache.
    char* take();
    void give_back(char* stack) { free_.push_back(stack); }

  private:
    std::vector<char*> free_;
    std::vector<char*> all_;
};

/// Makes `fiber` begin in `entry` on its stack; `entry` must never return.
void prepare(Fiber& fiber, void (*entry)());

/// Suspends `from` and continues `to`.
void switch_to(Fiber& from, Fiber& to);

} // namespace emulated
