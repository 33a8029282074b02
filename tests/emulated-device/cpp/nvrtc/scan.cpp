#include "nvrtc/scan.h"
#include <cctype>
#include <cstddef>
#include <set>

namespace emulated {

namespace {

/// Words and single characters; comments, preprocessor lines and the insides of literals are left out.
std::vector<std::string> tokens_of(const std::string& text) {
    std::vector<std::string> tokens;
    const size_t end = text.size();
    bool line_start = true;
    for (size_t i = 0; i < end;) {
        const char c = text[i];
        if (c == '\n') {
            line_start = true;
            ++i;
        } else if (std::isspace(static_cast<unsigned char>(c))) {
            ++i;
        } else if (c == '#' && line_start) {
            for (; i < end && text[i] != '\n'; ++i)
                if (text[i] == '\\' && i + 1 < end) ++i;
        } else if (text.compare(i, 2, "//") == 0) {
            while (i < end && text[i] != '\n') ++i;
        } else if (text.compare(i, 2, "/*") == 0) {
            const size_t close = text.find("*/", i + 2);
            i = close == std::string::npos ? end : close + 2;
        } else if (c == '"' || (c == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(text[i - 1]))))) {
            for (++i; i < end && text[i] != c; ++i)
                if (text[i] == '\\') ++i;
            ++i;
            tokens.push_back("\"\"");
            line_start = false;
        } else if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
            const size_t start = i;
            while (i < end && (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_')) ++i;
            tokens.push_back(text.substr(start, i - start));
            line_start = false;
        } else {
            tokens.push_back(std::string(1, c));
            ++i;
            line_start = false;
        }
    }
    return tokens;
}

bool is_word(const std::string& token) { return std::isalpha(static_cast<unsigned char>(token[0])) || token[0] == '_'; }

/// The index behind the parenthesis that closes the one at `open`.
size_t behind(const std::vector<std::string>& tokens, size_t open) {
    int depth = 0;
    for (size_t i = open; i < tokens.size(); ++i) {
        depth += tokens[i] == "(" ? 1 : tokens[i] == ")" ? -1 : 0;
        if (depth == 0) return i + 1;
    }
    return tokens.size();
}

/// The first argument of the list that opens at `open`.
std::string first_argument(const std::vector<std::string>& tokens, size_t open) {
    std::string text;
    int depth = 0;
    for (size_t i = open; i < tokens.size(); ++i) {
        if (tokens[i] == ")" && --depth == 0) break;
        if (tokens[i] == "," && depth == 1) break;
        if (i > open) text += (is_word(tokens[i]) ? " " : "") + tokens[i];
        if (tokens[i] == "(") ++depth;
    }
    return text;
}

/// The words before `__global__` of a template end in `>`.
bool is_template(const std::vector<std::string>& tokens, size_t global) {
    while (global > 0) {
        const std::string& before = tokens[--global];
        if (before != "extern" && before != "\"\"" && before != "static" && before != "inline") return before == ">";
    }
    return false;
}

/// Reads on from `__global__`; an empty name where no kernel is defined there.
FoundKernel read_kernel(const std::vector<std::string>& tokens, size_t i, const std::string& space) {
    FoundKernel kernel{"", "", "1024"};
    for (++i; i + 1 < tokens.size(); ++i) {
        if (tokens[i] == "__launch_bounds__" && tokens[i + 1] == "(") {
            kernel.threads = first_argument(tokens, i + 1);
            i = behind(tokens, i + 1) - 1;
        } else if (is_word(tokens[i]) && tokens[i + 1] == "(") {
            const size_t after = behind(tokens, i + 1);
            if (after < tokens.size() && tokens[after] == "{") kernel.name = tokens[i];
            break;
        } else if (!is_word(tokens[i])) {
            break;
        }
    }
    kernel.qualified = space + kernel.name;
    return kernel;
}

} // namespace

std::vector<FoundKernel> find_kernels(const std::string& text) {
    const std::vector<std::string> tokens = tokens_of(text);
    std::vector<FoundKernel> kernels;
    std::vector<std::string> braces; // what each open brace belongs to: a namespace with "::", or nothing
    std::set<std::string> seen;
    for (size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i] == "{") {
            const bool named = i >= 2 && tokens[i - 2] == "namespace";
            braces.push_back(named ? tokens[i - 1] + "::" : "");
        }
        if (tokens[i] == "}" && !braces.empty()) braces.pop_back();
        if (tokens[i] != "__global__" || is_template(tokens, i)) continue;
        std::string space;
        for (const std::string& name : braces) space += name;
        FoundKernel kernel = read_kernel(tokens, i, space);
        if (!kernel.name.empty() && seen.insert(kernel.name).second) kernels.push_back(kernel);
    }
    return kernels;
}

} // namespace emulated
