#include "device/report.h"
#include <cstdio>
#include <fstream>

namespace emulated {

std::string& report_text() {
    static std::string& text = *new std::string; // never destroyed, see `block`
    return text;
}

void report(const std::string& text) {
    const std::string line = "emulated CUDA: " + text + "\n";
    std::fputs(line.c_str(), stderr);
    report_text() += line;
    if (!config().log_file.empty()) std::ofstream(config().log_file, std::ios::app) << line;
}

namespace {

std::string triple(const netc_emulated_index& index) {
    return "(" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " + std::to_string(index.z) + ")";
}

std::string where() { return "kernel `" + std::string(block().launch.kernel->name) + "`, block " + triple(netc_emulated.block); }

} // namespace

std::string thread_name(const Thread& thread) { return "thread " + triple(thread.index); }

std::string place_of_line(int line) {
    const Module::Line found = block().launch.module->line(line);
    return found.place + (found.text.empty() ? "" : "\n    " + found.text);
}

void fail(LaunchError error, const std::string& what, const void* site, int line) {
    Block& b = block();
    const Module& module = *b.launch.module;
    const Module::Line found = line != 0 ? module.line(line) : module.line_of(site);
    report(what + "\n  in " + where() + ", " + thread_name(*b.current) + "\n  at " + found.place +
           (found.text.empty() ? "" : "\n    " + found.text));
    b.launch.error = error;
    suspend(ThreadState::Done); // the scheduler drops the block
    __builtin_unreachable();
}

void fail_block(LaunchError error, const std::string& what) {
    report(what + "\n  in " + where());
    block().launch.error = error;
}

} // namespace emulated

extern "C" void netc_emulated_trap(const char* what, int line) { emulated::fail(emulated::AssertionFailed, what, nullptr, line); }
