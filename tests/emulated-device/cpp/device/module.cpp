#include "device/module.h"
#include <algorithm>
#include <cstring>
#include <cstdio>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

namespace emulated {

namespace {

/// A linker ends a file with the table of sections.
size_t elf_bytes(const void* image) {
    Elf64_Ehdr header;
    if (std::memcmp(image, ELFMAG, SELFMAG) != 0) return 0;
    std::memcpy(&header, image, sizeof header);
    return header.e_shoff + size_t{header.e_shnum} * header.e_shentsize;
}

int memory_file(const void* bytes, size_t count) {
    const int file = memfd_create("emulated kernel", MFD_CLOEXEC);
    for (size_t done = 0; file >= 0 && done < count;) {
        const ssize_t written = write(file, static_cast<const char*>(bytes) + done, count - done);
        if (written <= 0) return close(file), -1;
        done += static_cast<size_t>(written);
    }
    return file;
}

std::string line_of_text(const char* text, int number) {
    for (; text != nullptr && number > 1; --number) {
        text = std::strchr(text, '\n');
        if (text != nullptr) ++text;
    }
    if (text == nullptr || number < 1) return "";
    const char* end = std::strchr(text, '\n');
    return end == nullptr ? text : std::string(text, end);
}

} // namespace

size_t Module::image_bytes(const void* image) {
    const size_t elf = elf_bytes(image);
    if (elf == 0) return 0;
    const char* trailer = static_cast<const char*>(image) + elf;
    const uint64_t sum = checksum(image, elf);
    if (std::memcmp(trailer, image_trailer, 8) != 0 || std::memcmp(trailer + 8, &sum, 8) != 0) return 0;
    return elf + 16;
}

Module::Module(const void* image, size_t bytes) {
    static uint64_t loaded = 0;
    number_ = ++loaded;
    file_ = memory_file(image, bytes);
    // A path of its own for each load: the loader gives one copy a path, and a module has its own variables.
    const std::string path = "/proc/self/fd/" + std::to_string(file_);
    handle_ = file_ < 0 ? nullptr : dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ == nullptr) {
        const char* reason = dlerror();
        error_ = reason == nullptr ? "no memory file" : reason;
        return;
    }
    link_map* map = nullptr;
    dlinfo(handle_, RTLD_DI_LINKMAP, &map);
    load_base_ = map->l_addr;
    if (const void* value = dlsym(handle_, "netc_emulated_architecture")) architecture_ = *static_cast<const int*>(value);
    source_ = static_cast<const char*>(dlsym(handle_, "netc_emulated_source"));
    if (const void* name = dlsym(handle_, "netc_emulated_source_name")) source_name_ = static_cast<const char*>(name);
    read_symbols(static_cast<const char*>(image));
}

Module::~Module() {
    if (handle_ != nullptr) dlclose(handle_);
    if (file_ >= 0) close(file_);
}

void Module::read_symbols(const char* image) {
    Elf64_Ehdr header;
    std::memcpy(&header, image, sizeof header);
    const auto* segments = reinterpret_cast<const Elf64_Phdr*>(image + header.e_phoff);
    for (int i = 0; i < header.e_phnum; ++i) {
        if (segments[i].p_type == PT_LOAD) load_end_ = std::max(load_end_, load_base_ + segments[i].p_vaddr + segments[i].p_memsz);
        if (segments[i].p_type == PT_TLS) shared_bytes_ = segments[i].p_memsz;
    }
    const auto* sections = reinterpret_cast<const Elf64_Shdr*>(image + header.e_shoff);
    for (int i = 0; i < header.e_shnum; ++i) {
        if (sections[i].sh_type != SHT_SYMTAB) continue;
        const auto* symbols = reinterpret_cast<const Elf64_Sym*>(image + sections[i].sh_offset);
        const char* names = image + sections[sections[i].sh_link].sh_offset;
        for (size_t s = 0; s < sections[i].sh_size / sizeof(Elf64_Sym); ++s) {
            const Elf64_Sym& symbol = symbols[s];
            const std::string name = names + symbol.st_name;
            const int type = ELF64_ST_TYPE(symbol.st_info);
            if (symbol.st_shndx == SHN_UNDEF) continue;
            if (type == STT_OBJECT) variables_.push_back({name, load_base_ + symbol.st_value, symbol.st_size});
            if (type != STT_TLS) continue;
            if (name.find("netc_emulated_shared_anchor") != std::string::npos) anchor_offset_ = symbol.st_value;
            else shared_.push_back({symbol.st_value, symbol.st_size, name, name.compare(0, 4, "_ZGV") == 0});
        }
    }
    std::sort(shared_.begin(), shared_.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
}

const netc_emulated_kernel* Module::kernel(const char* name) const {
    return static_cast<const netc_emulated_kernel*>(dlsym(handle_, (std::string("netc_emulated_kernel_") + name).c_str()));
}

bool Module::variable(const char* name, uintptr_t& address, size_t& bytes) const {
    for (const Variable& variable : variables_) {
        if (variable.name != name) continue;
        address = variable.address;
        bytes = variable.bytes;
        return true;
    }
    return false;
}

bool Module::owns(uintptr_t address, size_t bytes) const { return address >= load_base_ && address + bytes <= load_end_; }

uintptr_t Module::shared_base() const {
    const auto anchor = reinterpret_cast<void* (*)()>(dlsym(handle_, "netc_emulated_shared"));
    return anchor == nullptr ? 0 : reinterpret_cast<uintptr_t>(anchor()) - anchor_offset_;
}

Module::Line Module::line(int number) const {
    return {source_name_ + ":" + std::to_string(number), line_of_text(source_, number)};
}

Module::Line Module::line_of(const void* return_address) const {
    const uintptr_t offset = reinterpret_cast<uintptr_t>(return_address) - 1 - load_base_;
    char command[160];
    std::snprintf(command, sizeof command, "addr2line -i -e /proc/%d/fd/%d 0x%zx 2>/dev/null", getpid(), file_, size_t{offset});
    FILE* pipe = popen(command, "r");
    if (pipe == nullptr) return {"an unknown line", ""};
    Line result;
    char text[4096];
    while (std::fgets(text, sizeof text, pipe) != nullptr) {
        std::string place = text;
        place = place.substr(0, place.find_first_of(" \n")); // "file:12 (discriminator 3)"
        place = place.substr(place.rfind('/') + 1);
        const bool own = place.compare(0, source_name_.size() + 1, source_name_ + ":") == 0;
        if (!own) continue; // a wrapper of the header
        if (!result.place.empty()) {
            result.place += ", called at " + place;
            continue;
        }
        result = line(std::atoi(place.c_str() + source_name_.size() + 1));
    }
    pclose(pipe);
    return result.place.empty() ? Line{"an unknown line", ""} : result;
}

} // namespace emulated
