// What a test asks of the device: from the environment (NETC_EMULATED_NAME) when the library is loaded, or set later by name.
#pragma once
#include <cstdint>
#include <string>

namespace emulated {

enum class Order { Forward, Reverse, Random };

struct Config {
    Order order = Order::Random; // SEED=forward, reverse or a number
    uint64_t seed = 1;
    bool check = true;           // CHECK=0: kernels without instrumentation, many times faster
    bool races = true;           // RACES=0
    bool count = false;          // COUNT=1
    int devices = 1;             // DEVICES
    int major = 9, minor = 0;    // ARCH=9.0
    uint64_t memory = 0;         // MEMORY in bytes of each device; 0: as the model of GPU has
    std::string faults;          // FAULTS, see driver/faults.h
    std::string log_file;        // LOG: reports are appended
    std::string counters_file;   // COUNTERS: the counts are written when the process ends
    std::string cache;           // CACHE: folder of compiled kernels; empty: beside the library's folder
    std::string compiler = "g++"; // CXX
};

Config& config();

/// False: no such option, or a value that it does not take.
bool set_option(const std::string& name, const std::string& value);

/// Back to the environment's.
void reset_config();

/// The folder that holds this library, and in it the headers for kernels.
std::string library_folder();

} // namespace emulated
