// Modules: a kernel's library from its image, or from the text that stands for PTX.
#include "device/report.h"
#include "driver/driver.h"
#include "driver/faults.h"
#include <cstring>
#include <fstream>
#include <iterator>

using namespace emulated;

namespace {

constexpr char ptx_marker[] = "// netc emulated PTX: ";

/// The library that emulated PTX names.
std::string image_named_by(const char* text) {
    const std::string rest = text + std::strlen(ptx_marker);
    std::ifstream file(rest.substr(0, rest.find('\n')), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

/// A cubin runs on its major version, from its minor version on; PTX on everything newer.
bool runs_here(int architecture, bool ptx) {
    const int here = 10 * config().major + config().minor;
    return architecture <= here && (ptx || architecture / 10 == here / 10);
}

Result load(LoadedModule** handle, const void* image) {
    if (handle == nullptr || image == nullptr) return InvalidValue;
    if (const Result fault = fault_of_load(); fault != Success) return fault;
    const bool ptx = std::strncmp(static_cast<const char*>(image), ptx_marker, std::strlen(ptx_marker)) == 0;
    const std::string named = ptx ? image_named_by(static_cast<const char*>(image)) : "";
    if (ptx && named.empty()) return InvalidPtx;
    const void* bytes = ptx ? named.data() : image;
    const size_t count = Module::image_bytes(bytes);
    if (count == 0) return ptx ? InvalidPtx : InvalidImage;
    auto module = std::make_shared<Module>(bytes, count);
    if (!module->error().empty()) {
        report("a module cannot be loaded: " + module->error());
        return InvalidImage;
    }
    if (!runs_here(module->architecture(), ptx)) return NoBinary;
    auto loaded = std::make_shared<LoadedModule>();
    loaded->context = current_context();
    loaded->module = module;
    *handle = driver().modules.add(loaded);
    return Success;
}

} // namespace

NETC_API cuModuleLoadData(LoadedModule** handle, const void* image) {
    return call(Needs::Context, [&] { return load(handle, image); });
}

NETC_API cuModuleLoadDataEx(LoadedModule** handle, const void* image, unsigned, int*, void**) { return cuModuleLoadData(handle, image); }

NETC_API cuModuleLoad(LoadedModule** handle, const char* path) {
    return call(Needs::Context, [&]() -> Result {
        std::ifstream file(path, std::ios::binary);
        if (!file) return FileNotFound;
        const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        return load(handle, bytes.c_str());
    });
}

NETC_API cuModuleUnload(LoadedModule* handle) {
    return release_call([&]() -> Result {
        const auto module = driver().modules.find(handle);
        if (module == nullptr) return InvalidHandle;
        finish(*module->context);
        driver().modules.remove(handle);
        return Success;
    });
}

NETC_API cuModuleGetFunction(Function** handle, LoadedModule* module_handle, const char* name) {
    return call(Needs::Context, [&]() -> Result {
        const auto module = driver().modules.find(module_handle);
        if (module == nullptr) return InvalidHandle;
        auto& function = module->functions[name];
        if (!function) {
            const netc_emulated_kernel* kernel = module->module->kernel(name);
            if (kernel == nullptr) return module->functions.erase(name), NotFound;
            function = std::make_unique<Function>();
            function->module = module->module;
            function->kernel = kernel;
            function->context = module->context;
        }
        *handle = function.get();
        return Success;
    });
}

NETC_API cuModuleGetGlobal_v2(uintptr_t* address, size_t* bytes, LoadedModule* handle, const char* name) {
    return call(Needs::Context, [&]() -> Result {
        const auto module = driver().modules.find(handle);
        if (module == nullptr) return InvalidHandle;
        uintptr_t found = 0;
        size_t size = 0;
        if (!module->module->variable(name, found, size)) return NotFound;
        if (address != nullptr) *address = found;
        if (bytes != nullptr) *bytes = size;
        return Success;
    });
}
