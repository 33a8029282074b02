//! Faults on demand: each call that meets one gives the code that a driver gives, and nothing is left behind.

mod common;

use common::{Gpu, code, session, shape};
use cudarc::driver::{CudaContext, result};
use cudarc::nvrtc::Ptx;
use netc_emulated_device::Session;

const TWICE: &str = "extern \"C\" __global__ void twice(float* x) { x[threadIdx.x] *= 2.0f; }";

#[test]
fn memory_runs_out() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    session.set("faults", "alloc=2");
    let first = gpu.stream.alloc_zeros::<f32>(10).unwrap();
    assert_eq!(code(gpu.stream.alloc_zeros::<f32>(10).map(|_| ())), 2);
    let third = gpu.stream.alloc_zeros::<f32>(10).unwrap();
    assert_eq!(session.live().allocations, 2);
    drop((first, third));
    drop(gpu);
    assert_eq!(session.live(), Default::default());
}

#[test]
fn a_small_device_is_full() {
    let Some(session) = session() else { return };
    // The memory of device 3 is made when it is first used.
    session.set("devices", "4");
    session.set("memory", "1048576");
    let context = CudaContext::new(3).unwrap();
    let stream = context.new_stream().unwrap();
    assert_eq!(context.mem_get_info().unwrap(), (1 << 20, 1 << 20));
    let large = stream.alloc_zeros::<u8>(700_000).unwrap();
    assert_eq!(code(stream.alloc_zeros::<u8>(700_000).map(|_| ())), 2);
    drop(large);
    stream.synchronize().unwrap();
    stream.alloc_zeros::<u8>(700_000).unwrap();
}

#[test]
fn a_kernel_fails() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let twice = gpu.function(&session, TWICE, "twice");
    let mut x = gpu.stream.clone_htod(&[1.0f32; 32]).unwrap();
    session.set("faults", "launch=2");
    launch!(gpu, twice, shape(1, 32), &mut x).unwrap();
    gpu.stream.synchronize().unwrap();
    launch!(gpu, twice, shape(1, 32), &mut x).unwrap();
    assert_eq!(code(gpu.stream.synchronize()), 719);
    assert_eq!(
        code(gpu.stream.alloc_zeros::<f32>(1).map(|_| ())),
        719,
        "until the context ends"
    );
    drop((x, twice, gpu));
    assert_eq!(session.live(), Default::default());
}

#[test]
fn the_device_is_lost() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let x = gpu.stream.clone_htod(&[1.0f32; 32]).unwrap();
    session.set("faults", "lost=1");
    assert_eq!(code(gpu.stream.synchronize()), 999);
    assert_eq!(code(gpu.stream.clone_dtoh(&x)), 999);
    session.set("faults", "lost=2:46");
    gpu.stream.synchronize().unwrap();
    assert_eq!(code(gpu.stream.synchronize()), 46);
    drop((x, gpu));
    assert_eq!(
        session.live(),
        Default::default(),
        "what is given back is given back"
    );
}

#[test]
fn no_device_and_an_old_driver() {
    let Some(session) = session() else { return };
    session.set("faults", "init=100");
    assert_eq!(code(CudaContext::new(0).map(|_| ())), 100);
    session.set("faults", "init=803");
    assert_eq!(code(CudaContext::device_count()), 803);
    session.set("faults", "version=11040");
    let mut version = 0;
    // SAFETY: a number is written.
    unsafe { cudarc::driver::sys::cuDriverGetVersion(&raw mut version) }
        .result()
        .unwrap();
    assert_eq!(version, 11040);
    session.set("devices", "0");
    assert_eq!(code(CudaContext::new(0).map(|_| ())), 100);
}

#[test]
fn several_devices() {
    let Some(session) = session() else { return };
    session.set("devices", "2");
    session.set("arch", "7.5");
    assert_eq!(CudaContext::device_count().unwrap(), 2);
    let contexts = [0, 1].map(|number| CudaContext::new(number).unwrap());
    assert_eq!(contexts[1].compute_capability().unwrap(), (7, 5));
    assert_eq!(code(CudaContext::new(2).map(|_| ())), 101);
    let streams = contexts
        .each_ref()
        .map(|context| context.new_stream().unwrap());
    let there = streams[0].clone_htod(&[3.0f32; 4]).unwrap();
    let here = streams[1].clone_dtod(&there).unwrap();
    assert_eq!(streams[1].clone_dtoh(&here).unwrap(), [3.0; 4]);
}

fn load(gpu: &Gpu, image: Vec<u8>) -> u32 {
    code(gpu.context.load_module(Ptx::from_binary(image)).map(|_| ()))
}

#[test]
fn modules_that_do_not_fit() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let compile = |architecture: &str| session.compile("twice.cu", TWICE, &[architecture]).unwrap();
    let good = compile("--gpu-architecture=sm_90");
    gpu.context
        .load_module(Ptx::from_binary(good.clone()))
        .unwrap();
    session.set("faults", "load=1");
    assert_eq!(load(&gpu, good.clone()), 200);
    let mut damaged = good.clone();
    damaged[5000] ^= 1;
    assert_eq!(load(&gpu, damaged), 200);
    assert_eq!(
        load(
            &gpu,
            b"not an image at all, but long enough to be read as the header of one. And some more."
                .to_vec()
        ),
        200
    );
    assert_eq!(
        load(&gpu, compile("-arch=sm_80")),
        209,
        "a cubin of another generation"
    );
    assert_eq!(
        load(&gpu, compile("-arch=sm_100")),
        209,
        "and of a later one"
    );
    let module = gpu.context.load_module(Ptx::from_binary(good)).unwrap();
    assert_eq!(code(module.load_function("thrice").map(|_| ())), 500);
}

#[test]
fn texts_that_do_not_compile() {
    let Some(session) = session() else { return };
    let compile = |session: &Session<'_>, text: &str, options: &[&str]| {
        session.compile("wrong.cu", text, options)
    };
    let log = compile(
        &session,
        "\n\n__global__ void f(float* x) { x[0] = y; }",
        &["-arch=sm_90"],
    )
    .unwrap_err();
    assert!(
        log.contains("wrong.cu:3") && log.contains("'y' was not declared")
            || log.contains("‘y’ was not declared"),
        "{log}"
    );
    let log = compile(&session, TWICE, &["--no-such-option"]).unwrap_err();
    assert!(
        log.contains("unrecognized option --no-such-option"),
        "{log}"
    );
    let tensor = "extern \"C\" __global__ void f() { float c[4] = {}; unsigned a[4] = {}, b[2] = {}; netc::mma_tf32(c, a, b); }";
    assert!(
        compile(&session, tensor, &["-arch=sm_75"]).is_err(),
        "Turing has no tf32"
    );
    assert_eq!(
        compile(&session, tensor, &["-arch=compute_90"]).unwrap(),
        [],
        "no cubin of a virtual architecture"
    );
    session.set("faults", "nvrtc=1");
    assert!(
        compile(&session, TWICE, &["-arch=sm_90"])
            .unwrap_err()
            .contains("told to fail")
    );
    compile(&session, TWICE, &["-arch=sm_90"]).unwrap();
}

#[test]
fn calls_that_are_wrong() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let text =
        "extern \"C\" __global__ void __launch_bounds__(2 * 32) bounded(float* x) { x[0] = 1.0f; }";
    let bounded = gpu.function(&session, text, "bounded");
    let mut x = gpu.stream.alloc_zeros::<f32>(8).unwrap();
    assert_eq!(bounded.max_threads_per_block().unwrap(), 64);
    assert_eq!(code(launch!(gpu, bounded, shape(1, 65), &mut x)), 701);
    assert_eq!(code(launch!(gpu, bounded, shape(0, 32), &mut x)), 1);
    assert_eq!(code(launch!(gpu, bounded, shape(1, 2048), &mut x)), 1);
    // SAFETY: wrong on purpose; the device checks.
    unsafe {
        assert_eq!(code(result::memcpy_htod_sync(0x1234, &[1.0f32])), 1);
        assert_eq!(code(result::free_sync(0x1234)), 1);
        assert_eq!(
            code(result::device::get_default_mem_pool(0).map(|_| ())),
            801,
            "not there"
        );
    }
    let reports = session.reports();
    assert!(
        reports.contains("more threads than its __launch_bounds__"),
        "{reports}"
    );
}

#[test]
fn what_is_left_is_counted() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let x = gpu.stream.alloc_zeros::<f32>(8).unwrap();
    let address = x.leak();
    assert_ne!(address, 0);
    assert_eq!(session.live().allocations, 1);
    drop(gpu);
    assert_eq!(session.live().abandoned, 1);
}
