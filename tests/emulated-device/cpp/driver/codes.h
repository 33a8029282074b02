// CUresult, as far as the emulated device gives it.
#pragma once

namespace emulated {

using Result = int;

#define NETC_CODES(CODE)                                                                                                        \
    CODE(Success, 0, "CUDA_SUCCESS", "no error")                                                                                \
    CODE(InvalidValue, 1, "CUDA_ERROR_INVALID_VALUE", "invalid argument")                                                       \
    CODE(OutOfMemory, 2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory")                                                           \
    CODE(NotInitialized, 3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error")                                               \
    CODE(DeviceUnavailable, 46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable")           \
    CODE(NoDevice, 100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected")                                           \
    CODE(InvalidDevice, 101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal")                                             \
    CODE(InvalidImage, 200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid")                                       \
    CODE(InvalidContext, 201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context")                                           \
    CODE(NoBinary, 209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device")             \
    CODE(EccUncorrectable, 214, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered")                          \
    CODE(InvalidPtx, 218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed")                                             \
    CODE(UnsupportedPtx, 222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain.") \
    CODE(FileNotFound, 301, "CUDA_ERROR_FILE_NOT_FOUND", "file not found")                                                      \
    CODE(InvalidHandle, 400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle")                                            \
    CODE(NotFound, 500, "CUDA_ERROR_NOT_FOUND", "named symbol not found")                                                       \
    CODE(NotReady, 600, "CUDA_ERROR_NOT_READY", "device not ready")                                                             \
    CODE(IllegalAddressCode, 700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered")                     \
    CODE(OutOfResources, 701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch")                  \
    CODE(AssertCode, 710, "CUDA_ERROR_ASSERT", "device-side assert triggered")                                                  \
    CODE(MisalignedCode, 716, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address")                                            \
    CODE(LaunchFailedCode, 719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure")                                       \
    CODE(NotSupported, 801, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported")                                              \
    CODE(DriverMismatch, 803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination") \
    CODE(CaptureUnsupported, 900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing")  \
    CODE(CaptureInvalidated, 901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture") \
    CODE(CaptureUnmatched, 903, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not initiated in this stream")              \
    CODE(CaptureUnjoined, 904, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work")                      \
    CODE(CaptureIsolation, 905, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION", "dependency created on uncaptured work in another stream") \
    CODE(CaptureImplicit, 906, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing blocking stream") \
    CODE(CapturedEvent, 907, "CUDA_ERROR_CAPTURED_EVENT", "operation not permitted on an event last recorded in a capturing stream") \
    CODE(Unknown, 999, "CUDA_ERROR_UNKNOWN", "unknown error")

enum Code : Result {
#define NETC_CODE(NAME, VALUE, TEXT, SENTENCE) NAME = VALUE,
    NETC_CODES(NETC_CODE)
#undef NETC_CODE
};

} // namespace emulated
