#include "driver/faults.h"
#include <cstdlib>
#include <map>
#include <string>

namespace emulated {

namespace {

struct Fault {
    long at = 0, code = 0, seen = 0;
};

std::map<std::string, Fault>& faults() {
    static std::map<std::string, Fault>& instance = *new std::map<std::string, Fault>; // never destroyed: the process may end in any order
    return instance;
}

/// `always`: from the N-th on, rather than only then.
Result count(const char* name, Result usual, bool always) {
    const auto found = faults().find(name);
    if (found == faults().end()) return Success;
    Fault& fault = found->second;
    ++fault.seen;
    const bool now = always ? fault.seen >= fault.at : fault.seen == fault.at;
    return !now ? Success : fault.code != 0 ? static_cast<Result>(fault.code) : usual;
}

int value(const char* name) {
    const auto found = faults().find(name);
    return found == faults().end() ? 0 : static_cast<int>(found->second.at);
}

} // namespace

Result fault_of_call() { return faults().empty() ? Result{Success} : count("lost", Unknown, true); }
Result fault_of_allocation() { return count("alloc", OutOfMemory, false); }
Result fault_of_launch() { return count("launch", LaunchFailedCode, false); }
Result fault_of_load() { return count("load", InvalidImage, false); }
Result fault_of_init() { return value("init"); }
bool fault_of_nvrtc() { return count("nvrtc", Unknown, false) != Success; }
int fault_of_version() { return value("version"); }

bool set_faults(const char* list) {
    std::map<std::string, Fault> read;
    for (std::string rest = list; !rest.empty();) {
        const std::string item = rest.substr(0, rest.find(','));
        rest = item.size() == rest.size() ? "" : rest.substr(item.size() + 1);
        const size_t equals = item.find('=');
        if (equals == std::string::npos) return false;
        char* end = nullptr;
        Fault fault;
        fault.at = std::strtol(item.c_str() + equals + 1, &end, 10);
        if (*end == ':') fault.code = std::strtol(end + 1, &end, 10);
        if (*end != 0 || fault.at <= 0) return false;
        read[item.substr(0, equals)] = fault;
    }
    faults() = read;
    return true;
}

} // namespace emulated
