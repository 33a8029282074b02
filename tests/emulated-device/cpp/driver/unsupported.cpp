// What the emulated device does not have: a name that is missing would be a panic in cudarc, a code is an error.
#include "driver/driver.h"

using namespace emulated;

#define NETC_UNSUPPORTED(NAME)                                                                                                  \
    NETC_API NAME(...) {                                                                                                        \
        return call(Needs::Initialized, [] { return NotSupported; });                                                           \
    }

NETC_UNSUPPORTED(cuDestroyExternalMemory)
NETC_UNSUPPORTED(cuDeviceGetDefaultMemPool)
NETC_UNSUPPORTED(cuDeviceGetMemPool)
NETC_UNSUPPORTED(cuDeviceSetMemPool)
NETC_UNSUPPORTED(cuExternalMemoryGetMappedBuffer)
NETC_UNSUPPORTED(cuImportExternalMemory)
NETC_UNSUPPORTED(cuLaunchCooperativeKernel)
NETC_UNSUPPORTED(cuMemAllocFromPoolAsync)
NETC_UNSUPPORTED(cuMemAllocManaged)
NETC_UNSUPPORTED(cuMemPoolCreate)
NETC_UNSUPPORTED(cuMemPoolDestroy)
NETC_UNSUPPORTED(cuMemPoolGetAttribute)
NETC_UNSUPPORTED(cuMemPoolSetAttribute)
NETC_UNSUPPORTED(cuMemPoolTrimTo)
NETC_UNSUPPORTED(cuOccupancyAvailableDynamicSMemPerBlock)
NETC_UNSUPPORTED(cuOccupancyMaxActiveClusters)
NETC_UNSUPPORTED(cuOccupancyMaxPotentialBlockSize)
NETC_UNSUPPORTED(cuOccupancyMaxPotentialBlockSizeWithFlags)
NETC_UNSUPPORTED(cuOccupancyMaxPotentialClusterSize)
NETC_UNSUPPORTED(cuStreamAttachMemAsync)
#undef NETC_UNSUPPORTED

NETC_API cuProfilerStart() {
    return call(Needs::Context, [] { return Success; });
}

NETC_API cuProfilerStop() {
    return call(Needs::Context, [] { return Success; });
}
