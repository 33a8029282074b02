// The memory of a device: a range of addresses of its own, so that an address says at once whose it is, and a byte of knowledge for
// every byte of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace emulated {

/// What is known of a byte.
enum Knowledge : uint8_t {
    Unallocated = 0,
    Unwritten = 1, // allocated, and nobody has written to it
    Written = 2,
    Freed = 3,
    InFlight = 4, // an asynchronous copy will write it
};

/// Who touched a word last, to find races: see device/race.h.
struct Stamps {
    uint32_t* writers = nullptr;
    uint32_t* readers = nullptr;
};

class Arena {
  public:
    explicit Arena(size_t bytes);
    ~Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// 256-byte aligned, filled with 0xff (NaN) and surrounded by a guard zone; 0 where none is left. Addresses are used again only
    /// when all have been used, so that use after free is found.
    uintptr_t allocate(size_t bytes);
    /// False: not the address of an allocation.
    bool release(uintptr_t address);
    void release_all();

    bool contains(uintptr_t address) const { return address - base_ < bytes_; }
    /// All of the range is in one allocation.
    bool allocated(uintptr_t address, size_t bytes) const;
    uint8_t* knowledge(uintptr_t address) const { return knowledge_ + (address - base_); }
    void mark(uintptr_t address, size_t bytes, Knowledge knowledge);
    size_t word(uintptr_t address) const { return (address - base_) >> 2; }
    const Stamps& stamps() const { return stamps_; }
    void forget_stamps() const;
    /// The launch that read, or wrote, a sector of 32 bytes last, for counts.
    uint32_t& sector_launch(uintptr_t address, bool write) const { return sectors_[(address - base_) / 32 * 2 + write]; }
    /// Where an address lies, in words: "4 bytes after the end of an allocation of 148 bytes".
    std::string place(uintptr_t address) const;

    size_t bytes() const { return bytes_; }
    size_t used() const { return used_; }
    size_t live() const { return live_.size(); }

  private:
    uintptr_t find_free(size_t bytes);

    uintptr_t base_ = 0;
    size_t bytes_ = 0;
    uint8_t* knowledge_ = nullptr;
    Stamps stamps_;
    uint32_t* sectors_ = nullptr;
    uintptr_t fresh_ = 0; // nothing was ever allocated from here on
    size_t used_ = 0;
    std::map<uintptr_t, size_t> live_;  // address and bytes
    std::map<uintptr_t, size_t> freed_; // the same, to name what was freed
};

} // namespace emulated
