#include "device/config.h"
#include <cstdlib>
#include <dlfcn.h>

namespace emulated {

namespace {

const char* const names[] = {"seed", "check", "races", "count", "devices", "arch", "memory", "faults", "log", "counters", "cache", "cxx"};

bool number(const std::string& text, uint64_t& value) {
    char* end = nullptr;
    value = std::strtoull(text.c_str(), &end, 0);
    return !text.empty() && *end == 0;
}

bool flag(const std::string& text, bool& value) {
    if (text != "0" && text != "1") return false;
    value = text == "1";
    return true;
}

bool set_seed(const std::string& text) {
    Config& c = config();
    if (text == "forward") c.order = Order::Forward;
    else if (text == "reverse") c.order = Order::Reverse;
    else if (number(text, c.seed)) c.order = Order::Random;
    else return false;
    return true;
}

bool set_architecture(const std::string& text) {
    char* end = nullptr;
    const long major = std::strtol(text.c_str(), &end, 10);
    if (*end != '.' || end[1] < '0' || end[1] > '9' || end[2] != 0 || major < 5) return false;
    config().major = static_cast<int>(major);
    config().minor = end[1] - '0';
    return true;
}

} // namespace

Config& config() {
    static Config& instance = *new Config; // never destroyed: the process may end in any order
    return instance;
}

bool set_option(const std::string& name, const std::string& value) {
    Config& c = config();
    uint64_t devices = 0;
    if (name == "seed") return set_seed(value);
    if (name == "check") return flag(value, c.check);
    if (name == "races") return flag(value, c.races);
    if (name == "count") return flag(value, c.count);
    if (name == "arch") return set_architecture(value);
    if (name == "memory") return number(value, c.memory);
    if (name == "faults") return c.faults = value, true;
    if (name == "log") return c.log_file = value, true;
    if (name == "counters") return c.counters_file = value, true;
    if (name == "cache") return c.cache = value, true;
    if (name == "cxx") return c.compiler = value, true;
    if (name != "devices" || !number(value, devices) || devices > 16) return false;
    c.devices = static_cast<int>(devices);
    return true;
}

void reset_config() {
    config() = Config();
    for (const char* name : names) {
        std::string variable = "NETC_EMULATED_";
        for (const char* letter = name; *letter != 0; ++letter) variable += static_cast<char>(*letter - 'a' + 'A');
        if (const char* value = std::getenv(variable.c_str())) set_option(name, value);
    }
}

std::string library_folder() {
    Dl_info info{};
    if (dladdr(reinterpret_cast<void*>(&library_folder), &info) == 0 || info.dli_fname == nullptr) return ".";
    const std::string path = info.dli_fname;
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

} // namespace emulated
