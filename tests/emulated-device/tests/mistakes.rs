//! A kernel for each mistake that a GPU would punish, or worse, would not: each is found, named and placed, and the next call says so.

mod common;

use common::{Gpu, code, session, shape};
use netc_emulated_device::Session;

const ILLEGAL_ADDRESS: u32 = 700;
const ASSERT: u32 = 710;
const MISALIGNED: u32 = 716;
const LAUNCH_FAILED: u32 = 719;

/// Launches `kernel(float* to, const float* from, int n)` of 64 threads, `to` never written before and 64 floats long, `from` 64 ones.
/// Gives the code of the error at the next call (0: none), and the report.
fn run(session: &Session<'_>, text: &str) -> (u32, String) {
    session.reset();
    run_with(session, text, "1")
}

fn run_with(session: &Session<'_>, text: &str, seed: &str) -> (u32, String) {
    session.set("seed", seed);
    let gpu = Gpu::new();
    let kernel = gpu.function(session, text, "kernel");
    let from = gpu.stream.clone_htod(&[1.0f32; 64]).expect("a copy");
    // SAFETY: that nothing has written there is what some of the kernels are about.
    let mut to = unsafe { gpu.stream.alloc::<f32>(64) }.expect("memory");
    launch!(gpu, kernel, shape(1, 64), &mut to, &from, &64i32).expect("a launch does not wait");
    let code = match gpu.stream.synchronize() {
        Ok(()) => 0,
        error => code(error),
    };
    if code != 0 {
        assert_eq!(
            common::code(gpu.stream.clone_dtoh(&from)),
            code,
            "the context stays broken"
        );
    }
    (code, session.reports())
}

/// A kernel with this body.
fn kernel(body: &str) -> String {
    format!(
        "extern \"C\" __global__ void kernel(float* to, const float* from, int n) {{\n    const int t = threadIdx.x;\n    {body}\n}}\n"
    )
}

fn found(session: &Session<'_>, body: &str, expected: u32, words: &[&str]) {
    let (code, report) = run(session, &kernel(body));
    assert_eq!(code, expected, "{body}\n{report}");
    for word in words.iter().chain(&["kernel `kernel`", "test.cu:3"]) {
        assert!(report.contains(word), "`{word}` is missing in\n{report}");
    }
}

#[test]
fn accesses_out_of_bounds() {
    let Some(session) = session() else { return };
    found(
        &session,
        "to[t + 1] = from[t];",
        ILLEGAL_ADDRESS,
        &[
            "writes 4 bytes 0 bytes after the end of an allocation of 256 bytes",
            "thread (63, 0, 0)",
            "to[t + 1] = from[t];",
        ],
    );
    found(
        &session,
        "to[t] = from[t - 1];",
        ILLEGAL_ADDRESS,
        &["reads 4 bytes", "thread (0, 0, 0)"],
    );
    found(
        &session,
        "__shared__ float tile[63]; tile[t] = from[t]; __syncthreads(); to[t] = tile[t ^ 1];",
        ILLEGAL_ADDRESS,
        &["writes 4 bytes"],
    );
    found(
        &session,
        "float* null = nullptr; null[n - 64 + t] = 1.0f;",
        ILLEGAL_ADDRESS,
        &["null pointer"],
    );
    found(
        &session,
        "*reinterpret_cast<float*>(0x7ffff0000000ull + 4 * t) = 1.0f;",
        ILLEGAL_ADDRESS,
        &["memory of the host"],
    );
    found(
        &session,
        "atomicAdd(reinterpret_cast<int*>(to) + 64 + t, 1);",
        ILLEGAL_ADDRESS,
        &["changes atomically 4 bytes"],
    );
}

#[test]
fn memory_that_was_freed() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let read = gpu.function(&session, &kernel("to[t] = from[t];"), "kernel");
    let mut to = gpu.stream.alloc_zeros::<f32>(64).unwrap();
    let gone = gpu.stream.alloc_zeros::<f32>(64).unwrap();
    let view = { cudarc::driver::DevicePtr::device_ptr(&gone, &gpu.stream).0 };
    drop(gone);
    launch!(gpu, read, shape(1, 64), &mut to, &view, &64i32).unwrap();
    assert_eq!(code(gpu.stream.synchronize()), ILLEGAL_ADDRESS);
    assert!(
        session.reports().contains("which was freed"),
        "{}",
        session.reports()
    );
}

#[test]
fn memory_that_nobody_wrote() {
    let Some(session) = session() else { return };
    found(
        &session,
        "to[t] += from[t];",
        ILLEGAL_ADDRESS,
        &[
            "reads 4 bytes ",
            " bytes into an allocation of 256 bytes, which nobody has written to",
        ],
    );
    found(
        &session,
        "__shared__ float tile[64]; if (t > 5) tile[t] = from[t]; to[t] = tile[t];",
        ILLEGAL_ADDRESS,
        &["nobody has written"],
    );
    let (code, report) = run(&session, &kernel("if (t > 5) to[t] = from[t];"));
    assert_eq!(
        (code, report.as_str()),
        (0, ""),
        "to leave memory unwritten is no mistake"
    );
}

#[test]
fn vectors_that_are_not_aligned() {
    let Some(session) = session() else { return };
    let vector = "to[t] = reinterpret_cast<const float4*>(from + 1)[t / 8].x;";
    let (code, _) = run(&session, &kernel(vector));
    assert_eq!(code, 0, "one component is a float");
    found(
        &session,
        "if (t < 8) reinterpret_cast<float4*>(to)[t] = reinterpret_cast<const float4*>(from + 1)[t];",
        MISALIGNED,
        &["reads 16 bytes at an address that is no multiple of 16"],
    );
    found(
        &session,
        "if (t < 8) reinterpret_cast<float2*>(to + 1)[t] = make_float2(1.0f, 2.0f);",
        MISALIGNED,
        &["writes 8 bytes"],
    );
    found(
        &session,
        "if (t < 8) reinterpret_cast<int4*>(to + 2)[t] = int4{1, 2, 3, 4};",
        MISALIGNED,
        &["writes 16 bytes"],
    );
    found(
        &session,
        "to[t] = *reinterpret_cast<const float*>(reinterpret_cast<const char*>(from) + 2);",
        MISALIGNED,
        &["reads 4 bytes"],
    );
}

#[test]
fn barriers_that_not_all_threads_reach() {
    let Some(session) = session() else { return };
    let meet = "threads of a block do not meet at one barrier";
    found(
        &session,
        "if (t < 40) __syncthreads(); to[t] = from[t];",
        LAUNCH_FAILED,
        &[
            meet,
            "40 threads wait at __syncthreads",
            "24 threads have ended",
        ],
    );
    let (code, report) = run(
        &session,
        &kernel(
            "if (t < 32)\n        __syncthreads();\n    else\n        __syncthreads();\n    to[t] = from[t];",
        ),
    );
    assert_eq!(code, LAUNCH_FAILED);
    for words in [
        meet,
        "32 threads wait at __syncthreads, test.cu:4",
        "32 threads wait at __syncthreads, test.cu:6",
    ] {
        assert!(report.contains(words), "{report}");
    }
    found(
        &session,
        "if (t % 32 < 5) return; __syncwarp(); to[t] = from[t];",
        LAUNCH_FAILED,
        &["__syncwarp names lanes that have ended"],
    );
    found(
        &session,
        "if (t < 16) to[t] = __shfl_sync(0xffffffffu, from[t], 0); else __syncthreads();",
        LAUNCH_FAILED,
        &[
            "16 threads wait at a shuffle",
            "48 threads wait at __syncthreads",
        ],
    );
}

#[test]
fn shuffles_of_lanes_that_do_not_take_part() {
    let Some(session) = session() else { return };
    found(
        &session,
        "if (t < 16) to[t] = __shfl_sync(0xffffu, from[t], 20);",
        LAUNCH_FAILED,
        &["reads lane 20, which its mask leaves out"],
    );
    found(
        &session,
        "to[t] = __shfl_sync(0xffffu, from[t], 0);",
        LAUNCH_FAILED,
        &["mask leaves out the lane itself"],
    );
}

/// A missing barrier is a race whoever runs first, and a wrong number under some order.
#[test]
fn barriers_that_are_missing() {
    let Some(session) = session() else { return };
    let reversed = kernel("__shared__ float tile[64]; tile[t] = t; to[t] = tile[63 - t];");
    session.reset();
    for seed in ["forward", "reverse", "1", "2"] {
        let (code, report) = run_with(&session, &reversed, seed);
        assert_ne!(code, 0, "{seed}");
        assert!(
            report.contains("nobody has written") || report.contains("a race"),
            "{report}"
        );
        session.reset();
    }
    found(
        &session,
        "__shared__ float tile[64]; tile[t] = from[t]; __syncthreads(); to[t] = tile[63 - t]; tile[t] = 2.0f;",
        LAUNCH_FAILED,
        &["a race: ", "shared memory", "with no barrier between"],
    );
    found(
        &session,
        "to[t] = from[t]; if (t == 9) to[8] = 2.0f;",
        LAUNCH_FAILED,
        &["a race: writes global memory that thread", "wrote"],
    );
    let warps = "__shared__ float tile[64]; tile[t] = from[t]; __syncwarp(); to[t] = tile[t ^ 1];";
    assert_eq!(
        run(&session, &kernel(warps)),
        (0, String::new()),
        "lanes of a warp need no barrier of the block"
    );
    let (code, report) = run(&session, &kernel(&warps.replace("t ^ 1", "t ^ 32")));
    assert_ne!(code, 0, "{report}");
}

#[test]
fn races_between_blocks() {
    let Some(session) = session() else { return };
    let launch_blocks = |body: &str| {
        session.reset();
        let gpu = Gpu::new();
        let function = gpu.function(&session, &kernel(body), "kernel");
        let from = gpu.stream.alloc_zeros::<f32>(64).unwrap();
        let mut to = gpu.stream.alloc_zeros::<f32>(64).unwrap();
        launch!(gpu, function, shape(4, 64), &mut to, &from, &64i32).unwrap();
        (gpu.stream.synchronize(), session.reports())
    };
    let (result, report) = launch_blocks("if (t == 0) to[blockIdx.x] = 1.0f;");
    assert_eq!(result, Ok(()), "{report}");
    let (result, report) = launch_blocks("to[t] = blockIdx.x;");
    assert!(
        result.is_err() && report.contains("a thread of another block wrote"),
        "{report}"
    );
    // The last block sums what the others wrote: a fence and a counter order it.
    let (result, report) = launch_blocks(
        "__shared__ bool last; unsigned* count = reinterpret_cast<unsigned*>(to) + 63;
        if (t == 0) { to[blockIdx.x] = 1.0f; __threadfence(); last = atomicAdd(count, 1u) == gridDim.x - 1; }
        __syncthreads();
        if (last && t == 0) to[10] = to[0] + to[1] + to[2] + to[3];",
    );
    assert_eq!(result, Ok(()), "{report}");
}

/// Atomics among each other need no barrier; with plain accesses they do.
#[test]
fn atomics_beside_plain_accesses() {
    let Some(session) = session() else { return };
    let counted = |first: &str, second: &str| {
        kernel(&format!(
            "__shared__ unsigned total; if (t == 0) total = 0;\n    {first} atomicAdd(&total, 1u);\n    {second} to[t] = total;"
        ))
    };
    let barrier = "__syncthreads();";
    assert_eq!(
        run(&session, &counted(barrier, barrier)),
        (0, String::new())
    );
    for seed in ["forward", "reverse", "1", "2", "3"] {
        for (first, second) in [(barrier, ""), ("", barrier)] {
            session.reset();
            let (code, report) = run_with(&session, &counted(first, second), seed);
            assert_ne!(code, 0, "{seed}: {first} {second}");
            assert!(
                report.contains("a race") || report.contains("nobody has written"),
                "{report}"
            );
        }
    }
}

/// A local variable that was never set is no access to memory; its value stands out.
#[test]
fn locals_that_were_never_set() {
    let Some(session) = session() else { return };
    let gpu = Gpu::new();
    let text = kernel("float x; if (n > 100) x = from[t]; to[t] = x;");
    let function = gpu.function(&session, &text, "kernel");
    let from = gpu.stream.alloc_zeros::<f32>(64).unwrap();
    let mut to = gpu.stream.alloc_zeros::<f32>(64).unwrap();
    launch!(gpu, function, shape(1, 64), &mut to, &from, &64i32).unwrap();
    let to = gpu.stream.clone_dtoh(&to).unwrap();
    assert!(to.iter().all(|x| *x < -1e38), "{to:?}");
}

#[test]
fn copies_that_nobody_waits_for() {
    let Some(session) = session() else { return };
    let copied = |wait: &str| {
        kernel(&format!(
            "__shared__ float4 tile[16]; if (t < 16) netc::copy_async_16(tile + t, from + 4 * t, true); netc::copy_async_commit();\n    {wait} __syncthreads();\n    to[t] = tile[t % 16].x;"
        ))
    };
    assert_eq!(
        run(&session, &copied("netc::copy_async_wait<0>();")),
        (0, String::new())
    );
    for missing in ["", "netc::copy_async_wait<1>();"] {
        let (code, report) = run(&session, &copied(missing));
        assert_eq!(code, ILLEGAL_ADDRESS, "{report}");
        assert!(
            report.contains("an asynchronous copy is under way") && report.contains("test.cu:5"),
            "{report}"
        );
    }
    found(
        &session,
        "netc::copy_async_16(to + 4 * (t % 16), from, true);",
        ILLEGAL_ADDRESS,
        &["memory that is not shared"],
    );
}

/// Without checks a kernel runs many times faster, and a missing barrier or wait is a wrong number.
#[test]
fn without_checks_numbers_are_wrong() {
    let Some(session) = session() else { return };
    session.set("check", "0");
    let result = |body: &str| {
        let gpu = Gpu::new();
        let function = gpu.function(&session, &kernel(body), "kernel");
        let from = gpu.stream.clone_htod(&[1.0f32; 64]).unwrap();
        // SAFETY: the kernel writes all of it.
        let mut to = unsafe { gpu.stream.alloc::<f32>(64) }.unwrap();
        launch!(gpu, function, shape(1, 64), &mut to, &from, &64i32).unwrap();
        let to = gpu.stream.clone_dtoh(&to).unwrap();
        assert_eq!(session.reports(), "");
        to
    };
    let sum = |barrier: &str| {
        result(&format!(
            "__shared__ float tile[64]; tile[t] = from[t]; {barrier} to[t] = tile[63 - t];"
        ))
    };
    assert_eq!(sum("__syncthreads();"), [1.0; 64]);
    assert!(sum("").iter().any(|x| x.is_nan()));
    let copy = |wait: &str| {
        result(&format!(
            "__shared__ float tile[64]; netc::copy_async_4(tile + t, from + t, true); netc::copy_async_commit(); {wait} __syncthreads(); to[t] = tile[63 - t];"
        ))
    };
    assert_eq!(copy("netc::copy_async_wait<0>();"), [1.0; 64]);
    assert!(copy("").iter().all(|x| x.is_nan()));
}

/// What one kernel touches counts, however much the others of its module have.
#[test]
fn shared_memory_beyond_the_limit() {
    let Some(session) = session() else { return };
    let body = |second: &str| {
        format!(
            "__shared__ float one[8192], two[8192]; one[t] = from[t]; {second} __syncthreads();\n    to[t] = one[63 - t];"
        )
    };
    assert_eq!(
        run(&session, &kernel(&body("if (n < 0) two[t] = from[t];"))),
        (0, String::new())
    );
    let (code, report) = run(
        &session,
        &kernel(&body("two[t] = from[t]; __syncthreads(); one[t] = two[t];")),
    );
    assert_eq!(code, 701, "{report}");
    assert!(
        report.contains("uses 65536 bytes of shared memory"),
        "{report}"
    );
}

#[test]
fn assertions_and_traps() {
    let Some(session) = session() else { return };
    found(
        &session,
        "assert(t < 60); to[t] = from[t];",
        ASSERT,
        &["assertion failed: t < 60"],
    );
}

#[test]
fn a_broken_context_can_be_had_anew() {
    let Some(session) = session() else { return };
    let (code, _) = run(&session, &kernel("to[t + 64] = 1.0f;"));
    assert_eq!(code, ILLEGAL_ADDRESS);
    let (code, report) = run(&session, &kernel("to[t] = from[t];"));
    assert_eq!((code, report.as_str()), (0, ""));
    assert_eq!(session.live(), Default::default());
}
