// What a test in Rust asks beside CUDA: options, reports, counts, what is alive.
#include "device/config.h"
#include "device/count.h"
#include "device/report.h"
#include "driver/driver.h"
#include "driver/faults.h"
#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace emulated;

#define NETC_CONTROL(TYPE) extern "C" __attribute__((visibility("default"))) TYPE

namespace {

/// Copies as much as there is room for, with a zero behind; the bytes that the whole needs.
size_t give_text(const std::string& text, char* out, size_t room) {
    if (room > 0) {
        const size_t bytes = std::min(room - 1, text.size());
        std::memcpy(out, text.data(), bytes);
        out[bytes] = 0;
    }
    return text.size() + 1;
}

bool start() {
    reset_config();
    if (!set_faults(config().faults.c_str()))
        std::fprintf(stderr, "emulated CUDA: NETC_EMULATED_FAULTS does not read: %s\n", config().faults.c_str());
    return true;
}

const bool started = start();

struct AtExit {
    ~AtExit() {
        if (config().counters_file.empty()) return;
        if (FILE* file = std::fopen(config().counters_file.c_str(), "w")) {
            const std::string text = counters_text();
            std::fwrite(text.data(), 1, text.size(), file);
            std::fclose(file);
        }
    }
};
const AtExit at_exit;

} // namespace

/// 1: done; 0: no such option or value.
NETC_API netc_emulated_set(const char* name, const char* value) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    if (std::strcmp(name, "faults") == 0) return set_faults(value);
    return set_option(name, value);
}

/// Options, faults, reports and counts as at the start; what is allocated stays.
NETC_CONTROL(void) netc_emulated_reset(void) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    start();
    report_text().clear();
    reset_counters();
    driver().abandoned = 0;
}

NETC_CONTROL(size_t) netc_emulated_reports(char* out, size_t room) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    return give_text(report_text(), out, room);
}

NETC_CONTROL(size_t) netc_emulated_counters(char* out, size_t room) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    return give_text(counters_text(), out, room);
}

NETC_CONTROL(void) netc_emulated_reset_counters(void) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    reset_counters();
}

/// Allocations, pinned allocations, streams, events, modules, graphs, executable graphs, and what was left when a context ended.
NETC_CONTROL(void) netc_emulated_live(size_t live[8]) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    const Driver& d = driver();
    live[0] = 0;
    for (const auto& memory : d.memory) live[0] += memory ? memory->live() : 0;
    live[1] = d.pinned ? d.pinned->live() : 0;
    live[2] = d.streams.count();
    live[3] = d.events.count();
    live[4] = d.modules.count();
    live[5] = d.graphs.count();
    live[6] = d.executables.count();
    live[7] = d.abandoned;
}

/// For the emulated NVRTC.
NETC_API netc_emulated_nvrtc_fails(void) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    return fault_of_nvrtc();
}
NETC_CONTROL(size_t) netc_emulated_option(const char* name, char* out, size_t room) {
    const std::lock_guard<std::recursive_mutex> guard(driver_lock());
    const Config& c = config();
    const std::string which = name;
    const std::string folder = library_folder();
    const std::string value = which == "folder" ? folder : which == "cxx" ? c.compiler : which == "check" ? (c.check ? "1" : "0")
                            : which == "cache" ? (c.cache.empty() ? folder + "/../kernels" : c.cache) : "";
    return give_text(value, out, room);
}
