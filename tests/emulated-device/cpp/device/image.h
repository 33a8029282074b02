// The end of a module's image: it tells damage, which a loader would not survive.
#pragma once
#include <cstddef>
#include <cstdint>

namespace emulated {

constexpr char image_trailer[9] = "NETCEMU1"; // and then the check sum, 8 bytes

/// FNV-1a.
inline uint64_t checksum(const void* bytes, size_t count) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; ++i) hash = (hash ^ static_cast<const uint8_t*>(bytes)[i]) * 0x100000001b3u;
    return hash;
}

} // namespace emulated
