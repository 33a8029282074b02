#include "driver/driver.h"

using namespace emulated;

namespace {

const char* text_of(int code, bool sentence) {
    switch (code) {
#define NETC_CODE(NAME, VALUE, TEXT, SENTENCE) \
    case VALUE: return sentence ? SENTENCE : TEXT;
        NETC_CODES(NETC_CODE)
#undef NETC_CODE
    default: return nullptr;
    }
}

int give(int code, bool sentence, const char** text) {
    *text = text_of(code, sentence);
    return *text == nullptr ? InvalidValue : Success;
}

} // namespace

NETC_API cuGetErrorName(int code, const char** text) { return give(code, false, text); }
NETC_API cuGetErrorString(int code, const char** text) { return give(code, true, text); }
