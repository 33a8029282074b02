// A compiled kernel library in memory: an ELF file that is loaded from its bytes, as a driver loads a cubin.
#pragma once
#include "device/image.h"
#include "kernel/abi.h"
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace emulated {

/// A `__shared__` variable: its place in the library's thread-local block, and its name as the linker knows it.
struct SharedVariable {
    size_t offset, bytes;
    std::string name;
    bool guard; // g++'s own, for an array of vectors: whether it was constructed
};

class Module {
  public:
    /// Bytes of the image that starts at `bytes`, with its check sum; 0 where it is none, or was damaged.
    static size_t image_bytes(const void* bytes);

    Module(const void* image, size_t bytes);
    ~Module();
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    /// Of this load alone: an address may come back.
    uint64_t number() const { return number_; }
    /// Empty, or why it could not be loaded.
    const std::string& error() const { return error_; }
    /// As in `sm_90`.
    int architecture() const { return architecture_; }
    const netc_emulated_kernel* kernel(const char* name) const;
    /// A `__device__` or `__constant__` variable.
    bool variable(const char* name, uintptr_t& address, size_t& bytes) const;
    /// An address is in the data of this library, `__constant__` variables and tables among it.
    bool owns(uintptr_t address, size_t bytes) const;

    /// Where shared memory is for the calling thread of the operating system.
    uintptr_t shared_base() const;
    size_t shared_bytes() const { return shared_bytes_; }
    const std::vector<SharedVariable>& shared_variables() const { return shared_; }

    /// "name.cu:12", with the callers that it was inlined into, and the text of the line.
    struct Line {
        std::string place, text;
    };
    Line line_of(const void* return_address) const;
    Line line(int number) const;

  private:
    void read_symbols(const char* image);

    struct Variable {
        std::string name;
        uintptr_t address;
        size_t bytes;
    };
    uint64_t number_;
    int file_ = -1;
    void* handle_ = nullptr;
    std::string error_;
    int architecture_ = 0;
    uintptr_t load_base_ = 0, load_end_ = 0;
    size_t shared_bytes_ = 0, anchor_offset_ = 0;
    std::vector<SharedVariable> shared_;
    std::vector<Variable> variables_;
    const char* source_ = nullptr;
    std::string source_name_;
};

} // namespace emulated
