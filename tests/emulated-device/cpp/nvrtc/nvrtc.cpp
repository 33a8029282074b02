// The emulated NVRTC: g++ compiles the text, with the device's headers before it, to a library. A "cubin" is that library; "PTX" names it.
#include "device/image.h"
#include "nvrtc/scan.h"
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
int netc_emulated_nvrtc_fails(void);
size_t netc_emulated_option(const char* name, char* out, size_t room);
}

namespace emulated {

namespace {

enum NvrtcResult { Success = 0, InvalidInput = 3, InvalidProgram = 4, InvalidOption = 5, Compilation = 6, InternalError = 11 };

struct Program {
    std::string text, name, log, image, path;
    bool virtual_architecture = true; // compute_90 gives PTX alone
    int architecture = 75;            // __CUDA_ARCH__ / 10
};

std::string option(const char* name) {
    char text[4096];
    netc_emulated_option(name, text, sizeof text);
    return text;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

bool starts(const std::string& text, const char* prefix) { return text.compare(0, std::strlen(prefix), prefix) == 0; }

/// What remains of `text` behind one of the prefixes; false where none fits.
bool behind(const std::string& text, std::initializer_list<const char*> prefixes, std::string& rest) {
    for (const char* prefix : prefixes) {
        if (!starts(text, prefix)) continue;
        rest = text.substr(std::strlen(prefix));
        return true;
    }
    return false;
}

/// NVRTC's options in g++'s words. False: an option that NVRTC has not.
bool translate(Program& program, const std::string& text, std::string& flags) {
    static const char* const ignored[] = {"--fmad=",        "-fmad=",     "--use_fast_math",    "-use_fast_math",    "-lineinfo",
                                          "--generate-line-info", "-G", "--device-debug", "--maxrregcount=", "-maxrregcount=",
                                          "-default-device", "--device-as-default-execution-space", "--ftz=", "-ftz=", "--prec-div=",
                                          "-prec-div=", "--prec-sqrt=", "-prec-sqrt=", "--extra-device-vectorization", "-w",
                                          "--disable-warnings", "--restrict", "-restrict", "--split-compile=", "--minimal", "-minimal",
                                          "--ptxas-options", "--no-cache", "--diag-suppress"};
    std::string value;
    if (behind(text, {"--gpu-architecture=", "-arch="}, value)) {
        program.virtual_architecture = starts(value, "compute_");
        if (!program.virtual_architecture && !starts(value, "sm_")) return false;
        program.architecture = std::atoi(value.c_str() + value.find('_') + 1);
        return program.architecture >= 50;
    }
    if (behind(text, {"--std=", "-std="}, value)) return value == "c++17" || value == "c++14" || value == "c++11" || value == "c++20";
    if (behind(text, {"--define-macro=", "-D"}, value)) return flags += " " + quoted("-D" + value), true;
    if (behind(text, {"--include-path=", "-I"}, value)) return flags += " " + quoted("-I" + value), true;
    for (const char* prefix : ignored)
        if (starts(text, prefix)) return true;
    return false;
}

/// The text between the header and what makes its kernels known. `#line` gives it its own numbers.
std::string unit(const Program& program, const std::string& source_path) {
    const std::string name = "\"" + program.name + "\"";
    std::string text = "#include \"cuda.h\"\n#line 1 " + name + "\n" + program.text + "\n#line 1 \"kernels\"\n";
    for (const FoundKernel& kernel : find_kernels(program.text))
        text += "NETC_EMULATED_KERNEL(" + kernel.name + ", " + kernel.qualified + ", (" + kernel.threads + "))\n";
    text += "extern \"C\" __attribute__((visibility(\"default\"))) const int netc_emulated_architecture;\n"
            "const int netc_emulated_architecture = " + std::to_string(program.architecture) + ";\n"
            "extern \"C\" __attribute__((visibility(\"default\"))) const char netc_emulated_source_name[];\n"
            "const char netc_emulated_source_name[] = " + name + ";\n"
            "asm(\".pushsection .rodata\\n.global netc_emulated_source\\nnetc_emulated_source:\\n.incbin \\\"" + source_path +
            "\\\"\\n.byte 0\\n.popsection\\n\");\n";
    return text;
}

/// `-O1`: quick, and accesses stay as they are written. A product and a sum are two operations: kernels that want one write fmaf.
std::string command(const Program& program, const std::string& flags, bool check) {
    std::string text = quoted(option("cxx")) + " -std=c++17 -x c++ -O1 -g1 -fPIC -shared -w -ffp-contract=off -fno-exceptions -fno-rtti -fno-gnu-unique"
                       " -fno-asynchronous-unwind-tables -finline-small-functions -fno-strict-aliasing -fwrapv -nostdinc++ -nodefaultlibs"
                       " -D__CUDA_ARCH__=" + std::to_string(10 * program.architecture);
    if (check) text += " -fsanitize=thread --param=tsan-instrument-func-entry-exit=0";
#if __GNUC__ >= 12
    if (check) text += " -ftrivial-auto-var-init=pattern"; // a local that was never set is a wrong number
#endif
#if defined(__x86_64__)
    if (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2")) text += " -mavx2 -mfma"; // fmaf without a call
#endif
    const std::string folder = option("folder");
    return text + " -I" + quoted(folder + "/kernel") + flags + " -L" + quoted(folder) + " -Wl,--no-as-needed";
}

uint64_t headers_checksum() {
    uint64_t sum = 0;
    for (const char* name : {"abi.h", "types.h", "math.h", "collective.h", "cuda.h"}) {
        const std::string text = read_file(option("folder") + "/kernel/" + name);
        sum = sum * 31 + checksum(text.data(), text.size());
    }
    return sum;
}

/// A file of the cache, without its ending: named by all that the library depends on.
std::string cache_file(const Program& program, const std::string& with_flags) {
    const std::string all = unit(program, "") + "\n" + with_flags + std::to_string(headers_checksum()) + __VERSION__;
    char name[40];
    std::snprintf(name, sizeof name, "/%016zx%08zx", size_t{checksum(all.data(), all.size())}, all.size());
    mkdir(option("cache").c_str(), 0777);
    return option("cache") + name;
}

NvrtcResult compile(Program& program, const std::string& flags) {
    const bool check = option("check") == "1";
    const std::string compiler = command(program, flags, check), file = cache_file(program, compiler);
    program.path = file + ".so";
    program.image = read_file(program.path);
    if (!program.image.empty()) return Success;
    static std::atomic<int> number{0};
    const std::string own = file + "." + std::to_string(getpid()) + "." + std::to_string(number++);
    std::ofstream(own + ".cu") << program.text;
    std::ofstream(own + ".cpp") << unit(program, own + ".cu");
    const std::string line = compiler + " " + quoted(own + ".cpp") + " -o " + quoted(own + ".so") + " -lcuda -lm -lc -lgcc >" +
                             quoted(own + ".log") + " 2>&1";
    const int status = std::system(line.c_str());
    program.log = read_file(own + ".log");
    if (status == 0) {
        std::string image = read_file(own + ".so");
        const uint64_t sum = checksum(image.data(), image.size());
        image.append(image_trailer, 8).append(reinterpret_cast<const char*>(&sum), 8);
        std::ofstream(own + ".so", std::ios::binary) << image;
        std::rename((own + ".so").c_str(), program.path.c_str());
        program.image = image;
    }
    for (const char* ending : {".cu", ".cpp", ".log"}) std::remove((own + ending).c_str());
    return status == 0 ? Success : Compilation;
}

std::string ptx_of(const Program& program) {
    return "// netc emulated PTX: " + program.path + "\n.version 8.0\n.target sm_" + std::to_string(program.architecture) +
           "\n.address_size 64\n";
}

template <class T> int give_bytes(const std::string& bytes, T* out) {
    std::memcpy(out, bytes.data(), bytes.size());
    return Success;
}

} // namespace

} // namespace emulated

using namespace emulated;

#define NETC_NVRTC extern "C" __attribute__((visibility("default"))) int

// No version of NVIDIA's, and another one for other code: programs keep cubins by it.
NETC_NVRTC nvrtcVersion(int* major, int* minor) {
    *major = 12;
    *minor = static_cast<int>(1000 + headers_checksum() % 500000 * 2 + (option("check") == "1"));
    return Success;
}

extern "C" __attribute__((visibility("default"))) const char* nvrtcGetErrorString(int code) {
    switch (code) {
    case Success: return "NVRTC_SUCCESS";
    case InvalidInput: return "NVRTC_ERROR_INVALID_INPUT";
    case InvalidProgram: return "NVRTC_ERROR_INVALID_PROGRAM";
    case InvalidOption: return "NVRTC_ERROR_INVALID_OPTION";
    case Compilation: return "NVRTC_ERROR_COMPILATION";
    default: return "NVRTC_ERROR_INTERNAL_ERROR";
    }
}

NETC_NVRTC nvrtcCreateProgram(Program** program, const char* text, const char* name, int headers, const char* const*, const char* const*) {
    if (program == nullptr || text == nullptr || headers != 0) return InvalidInput;
    *program = new Program;
    (*program)->text = text;
    (*program)->name = name == nullptr || *name == 0 ? "default_program" : name;
    return Success;
}

NETC_NVRTC nvrtcDestroyProgram(Program** program) {
    if (program == nullptr || *program == nullptr) return InvalidProgram;
    delete *program;
    *program = nullptr;
    return Success;
}

NETC_NVRTC nvrtcCompileProgram(Program* program, int count, const char* const* options) {
    if (program == nullptr) return InvalidProgram;
    if (netc_emulated_nvrtc_fails()) {
        program->log = "the emulated NVRTC was told to fail\n";
        return Compilation;
    }
    std::string flags;
    for (int i = 0; i < count; ++i) {
        if (translate(*program, options[i], flags)) continue;
        program->log = "nvrtc: error: unrecognized option " + std::string(options[i]) + "\n";
        return InvalidOption;
    }
    return compile(*program, flags);
}

NETC_NVRTC nvrtcGetPTXSize(Program* program, size_t* bytes) {
    if (program == nullptr || program->image.empty()) return InvalidProgram;
    *bytes = ptx_of(*program).size() + 1;
    return Success;
}

NETC_NVRTC nvrtcGetPTX(Program* program, char* out) {
    if (program == nullptr || program->image.empty()) return InvalidProgram;
    return give_bytes(ptx_of(*program) + '\0', out);
}

// No machine code comes of a virtual architecture: 0 bytes, as from NVRTC.
NETC_NVRTC nvrtcGetCUBINSize(Program* program, size_t* bytes) {
    if (program == nullptr || program->image.empty()) return InvalidProgram;
    *bytes = program->virtual_architecture ? 0 : program->image.size();
    return Success;
}

NETC_NVRTC nvrtcGetCUBIN(Program* program, char* out) {
    if (program == nullptr || program->image.empty() || program->virtual_architecture) return InvalidProgram;
    return give_bytes(program->image, out);
}

NETC_NVRTC nvrtcGetProgramLogSize(Program* program, size_t* bytes) {
    if (program == nullptr) return InvalidProgram;
    *bytes = program->log.size() + 1;
    return Success;
}

NETC_NVRTC nvrtcGetProgramLog(Program* program, char* out) {
    if (program == nullptr) return InvalidProgram;
    return give_bytes(program->log + '\0', out);
}
