//! What a host must wait for: results are not there before, as on a GPU.

mod common;

use common::{Gpu, code, session, shape};
use cudarc::driver::sys::{CUgraphInstantiate_flags, CUstreamCaptureMode};
use cudarc::driver::{DevicePtr, result};
use std::process::Command;

const TEXT: &str = r#"
__constant__ float by[2];
extern "C" __global__ void scale(float* x) { x[threadIdx.x] *= by[0] + by[1]; }
extern "C" __global__ void set(float* x, float value) { x[threadIdx.x] = value; }"#;

#[test]
fn pinned_memory_is_read_and_written_when_the_stream_comes_to_it() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let set = gpu.function(&session, TEXT, "set");
    let mut x = gpu.stream.alloc_zeros::<f32>(32).unwrap();
    let read = |at: *const f32| {
        // SAFETY: 32 floats of pinned memory that the host has written, until they are given back below; read past the compiler.
        unsafe { at.read_volatile() }
    };
    // SAFETY: as many bytes as are written below.
    let pinned = unsafe { result::malloc_host(128, 0) }
        .unwrap()
        .cast::<f32>();
    // SAFETY: the same; nobody else knows them.
    let floats = unsafe {
        pinned.write_bytes(0, 32);
        std::slice::from_raw_parts_mut(pinned, 32)
    };
    launch!(gpu, set, shape(1, 32), &mut x, &5.0f32).unwrap();
    let address = x.device_ptr(&gpu.stream).0;
    // SAFETY: `x` and `floats` live until the stream has been waited for.
    unsafe { result::memcpy_dtoh_async(floats, address, gpu.stream.cu_stream()) }.unwrap();
    assert_eq!(read(pinned), 0.0, "nobody has waited");
    gpu.stream.synchronize().unwrap();
    assert_eq!(read(pinned), 5.0);
    // SAFETY: given back once, after the last use.
    unsafe { result::free_host(pinned.cast()) }.unwrap();
    assert_eq!(session.reports(), "");
}

#[test]
fn streams_are_ordered_by_events_alone() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let set = gpu.function(&session, TEXT, "set");
    let other = gpu.context.new_stream().unwrap();
    let mut x = gpu.stream.clone_htod(&[1.0f32; 32]).unwrap();
    gpu.stream.synchronize().unwrap();
    launch!(gpu, set, shape(1, 32), &mut x, &2.0f32).unwrap();
    assert_eq!(
        other.clone_dtoh(&x).unwrap(),
        [1.0; 32],
        "the other stream waits for nothing"
    );
    let event = gpu.stream.record_event(None).unwrap();
    assert!(!event.is_complete());
    other.wait(&event).unwrap();
    assert_eq!(other.clone_dtoh(&x).unwrap(), [2.0; 32]);
    assert!(event.is_complete());
}

#[test]
fn captures_refuse_what_a_driver_refuses() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let begin = || {
        gpu.stream
            .begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
    };
    let end = || {
        gpu.stream
            .end_capture(CUgraphInstantiate_flags(0))
            .map(|_| ())
    };
    begin().unwrap();
    assert_eq!(code(gpu.stream.synchronize()), 900);
    assert_eq!(code(end()), 901);
    let other = gpu.context.new_stream().unwrap();
    let outside = other.record_event(None).unwrap();
    begin().unwrap();
    assert_eq!(code(gpu.stream.wait(&outside)), 905);
    assert_eq!(code(end()), 901);

    let set = gpu.function(&session, TEXT, "set");
    let mut x = gpu.stream.alloc_zeros::<f32>(32).unwrap();
    let fork = |joined: bool, x: &mut cudarc::driver::CudaSlice<f32>| {
        begin().unwrap();
        other.wait(&gpu.stream.record_event(None).unwrap()).unwrap();
        let aside = Gpu {
            context: gpu.context.clone(),
            stream: other.clone(),
        };
        launch!(aside, set, shape(1, 32), x, &3.0f32).unwrap();
        if joined {
            gpu.stream.wait(&other.record_event(None).unwrap()).unwrap();
        }
        end()
    };
    assert_eq!(code(fork(false, &mut x)), 904);
    fork(true, &mut x).unwrap();
    assert_eq!(
        code(
            gpu.context
                .default_stream()
                .begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_GLOBAL)
        ),
        900
    );
}

#[test]
fn variables_of_a_module() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let cubin = session.compile("test.cu", TEXT, &["-arch=sm_90"]).unwrap();
    let load = || {
        gpu.context
            .load_module(cudarc::nvrtc::Ptx::from_binary(cubin.clone()))
            .unwrap()
    };
    let (module, second) = (load(), load());
    for (module, values) in [(&module, [1.0f32, 2.0]), (&second, [3.0, 4.0])] {
        let mut symbol = module.get_global("by", &gpu.stream).unwrap();
        // SAFETY: two floats.
        let mut by = unsafe { symbol.transmute_mut::<f32>(2) }.unwrap();
        gpu.stream.memcpy_htod(&values, &mut by).unwrap();
    }
    let scale = module.load_function("scale").unwrap();
    let mut x = gpu.stream.clone_htod(&[1.0f32; 32]).unwrap();
    launch!(gpu, scale, shape(1, 32), &mut x).unwrap();
    assert_eq!(
        gpu.stream.clone_dtoh(&x).unwrap(),
        [3.0; 32],
        "each module has its own"
    );
}

#[test]
fn memory_that_nobody_wrote_is_not_copied_in_silence() {
    let Some(session) = session() else { return };
    let log = std::env::temp_dir().join(format!("netc-emulated-log-{}", std::process::id()));
    session.set("log", log.to_str().unwrap());
    let gpu = Gpu::new();
    // SAFETY: read unwritten on purpose.
    let x = unsafe { gpu.stream.alloc::<f32>(4) }.unwrap();
    gpu.stream.clone_dtoh(&x).unwrap();
    assert!(
        session
            .reports()
            .contains("takes memory that nobody has written to, from byte 0 on")
    );
    assert_eq!(std::fs::read_to_string(&log).unwrap(), session.reports());
    std::fs::remove_file(log).unwrap();
}

/// A program that is started finds the device by its environment.
#[test]
fn a_process_of_its_own() {
    if session().is_none() {
        return;
    }
    let libraries = netc_emulated_device::device().unwrap().libraries();
    let counters = std::env::temp_dir().join(format!("netc-emulated-{}", std::process::id()));
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["the_child", "--exact", "--ignored"])
        .envs(libraries.environment());
    child
        .env("NETC_EMULATED_COUNT", "1")
        .env("NETC_EMULATED_ARCH", "8.0")
        .env("NETC_EMULATED_COUNTERS", &counters);
    let output = child.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let text = std::fs::read_to_string(&counters).unwrap();
    let counted = netc_emulated_device::KernelCounters::read_all(&text);
    assert_eq!(
        (
            counted[0].name.as_str(),
            counted[0].launches,
            counted[0].threads
        ),
        ("set", 1, 32)
    );
    std::fs::remove_file(counters).unwrap();
}

#[test]
#[ignore = "started by a_process_of_its_own"]
fn the_child() {
    let gpu = Gpu::new();
    assert_eq!(gpu.context.compute_capability().unwrap(), (8, 0));
    let options = cudarc::nvrtc::CompileOptions {
        arch: Some("compute_80"),
        ..Default::default()
    };
    let ptx = cudarc::nvrtc::compile_ptx_with_opts(TEXT, options).unwrap();
    let set = gpu
        .context
        .load_module(ptx)
        .unwrap()
        .load_function("set")
        .unwrap();
    let mut x = gpu.stream.alloc_zeros::<f32>(32).unwrap();
    launch!(gpu, set, shape(1, 32), &mut x, &7.0f32).unwrap();
    assert_eq!(gpu.stream.clone_dtoh(&x).unwrap(), [7.0; 32]);
}
