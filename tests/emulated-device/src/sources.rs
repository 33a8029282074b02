//! The C++ sources, kept in the binary so that a changed one is a changed build.

/// Path below `cpp/` and text.
pub(crate) type Source = (&'static str, &'static str);

macro_rules! sources {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../cpp/", $path)))),*]
    };
}

/// What kernels include.
pub(crate) const KERNEL: &[Source] = sources![
    "kernel/abi.h",
    "kernel/collective.h",
    "kernel/cuda.h",
    "kernel/math.h",
    "kernel/types.h",
];

/// What the libraries are built from, besides.
pub(crate) const LIBRARIES: &[Source] = sources![
    "device/access.cpp",
    "device/access.h",
    "device/atomics.cpp",
    "device/block.h",
    "device/collective.cpp",
    "device/config.cpp",
    "device/config.h",
    "device/copy_async.cpp",
    "device/count.cpp",
    "device/count.h",
    "device/fiber.cpp",
    "device/fiber.h",
    "device/image.h",
    "device/memory.cpp",
    "device/memory.h",
    "device/mma.cpp",
    "device/mma.h",
    "device/module.cpp",
    "device/module.h",
    "device/race.cpp",
    "device/race.h",
    "device/report.cpp",
    "device/report.h",
    "device/requests.cpp",
    "device/requests.h",
    "device/run.cpp",
    "device/shared.cpp",
    "device/shared.h",
    "driver/codes.h",
    "driver/control.cpp",
    "driver/devices.cpp",
    "driver/driver.cpp",
    "driver/driver.h",
    "driver/errors.cpp",
    "driver/events.cpp",
    "driver/faults.cpp",
    "driver/faults.h",
    "driver/graphs.cpp",
    "driver/launch.cpp",
    "driver/memory.cpp",
    "driver/model.cpp",
    "driver/model.h",
    "driver/modules.cpp",
    "driver/streams.cpp",
    "driver/unsupported.cpp",
    "nvrtc/nvrtc.cpp",
    "nvrtc/scan.cpp",
    "nvrtc/scan.h",
];
