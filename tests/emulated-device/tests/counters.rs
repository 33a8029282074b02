//! Counts of kernels whose counts are known.

mod common;

use common::{Gpu, session, shape};
use netc_emulated_device::{KernelCounters, Session};

/// Counts of one launch of `kernel(float* to, const float* from)` with one warp, 4,096 floats each.
fn counts(session: &Session<'_>, body: &str) -> KernelCounters {
    let text = format!(
        "extern \"C\" __global__ void kernel(float* to, const float* from) {{ const int t = threadIdx.x; {body} }}"
    );
    counts_of(session, &text, 1, 32)
}

fn counts_of(session: &Session<'_>, text: &str, blocks: u32, threads: u32) -> KernelCounters {
    session.reset();
    session.set("count", "1");
    let gpu = Gpu::new();
    let kernel = gpu.function(session, text, "kernel");
    let from = gpu.stream.alloc_zeros::<f32>(4096).expect("memory");
    let mut to = gpu.stream.alloc_zeros::<f32>(4096).expect("memory");
    launch!(gpu, kernel, shape(blocks, threads), &mut to, &from).expect("a launch");
    gpu.stream.synchronize().expect("a kernel without mistakes");
    assert_eq!(session.reports(), "");
    let mut all = session.take_counters();
    assert_eq!(all.len(), 1);
    assert_eq!(session.counters(), []);
    all.remove(0)
}

#[test]
fn sectors_of_global_memory() {
    let Some(session) = session() else { return };
    let copy = counts(&session, "to[t] = from[t];");
    assert_eq!((copy.launches, copy.blocks, copy.threads), (1, 1, 32));
    let reads = copy.global_reads;
    assert_eq!(
        (
            reads.requests,
            reads.bytes,
            reads.units,
            reads.ideal_units,
            reads.footprint
        ),
        (1, 128, 4, 4, 128)
    );
    assert_eq!(copy.global_writes, reads);

    let strided = counts(&session, "to[t] = from[32 * t];");
    assert_eq!(
        (
            strided.global_reads.requests,
            strided.global_reads.units,
            strided.global_reads.ideal_units
        ),
        (1, 32, 4)
    );
    assert_eq!(strided.global_reads.efficiency(), 0.125);
    assert_eq!(strided.global_writes.units, 4);

    let one_off = counts(&session, "to[t] = from[t + 1];");
    assert_eq!(one_off.global_reads.units, 5);

    let same = counts(&session, "to[t] = from[7];");
    assert_eq!(
        (
            same.global_reads.bytes,
            same.global_reads.units,
            same.global_reads.ideal_units
        ),
        (128, 1, 1)
    );

    let wide = counts(
        &session,
        "reinterpret_cast<float4*>(to)[t] = reinterpret_cast<const float4*>(from)[t];",
    );
    assert_eq!(
        (
            wide.global_reads.requests,
            wide.global_reads.bytes,
            wide.global_reads.units
        ),
        (1, 512, 16)
    );
    assert_eq!(
        (wide.global_writes.requests, wide.global_writes.units),
        (1, 16)
    );

    let twice = counts(
        &session,
        "float sum = 0; for (int i = 0; i < 8; ++i) sum += from[t + 32 * (i % 2)]; to[t] = sum;",
    );
    let reads = twice.global_reads;
    assert_eq!((reads.requests, reads.units, reads.footprint), (8, 32, 256));

    let half = counts(&session, "if (t < 16) to[t] = from[t];");
    assert_eq!(
        (half.global_reads.requests, half.global_reads.units),
        (1, 2)
    );
}

#[test]
fn banks_of_shared_memory() {
    let Some(session) = session() else { return };
    let shared = |index: &str| {
        let body = format!(
            "__shared__ float tile[1056]; tile[{index}] = from[t]; __syncthreads(); to[t] = tile[{index}];"
        );
        counts(&session, &body)
    };
    for (index, units) in [
        ("t", 1),
        ("32 * t", 32),
        ("33 * t", 1),
        ("2 * t", 2),
        ("16 * t", 16),
    ] {
        let counts = shared(index);
        assert_eq!(
            (counts.shared_reads.requests, counts.shared_reads.units),
            (1, units),
            "{index}"
        );
        assert_eq!(
            (counts.shared_writes.requests, counts.shared_writes.units),
            (1, units),
            "{index}"
        );
        assert_eq!(counts.barriers, 1);
    }
    let same = counts(
        &session,
        "__shared__ float one[1]; if (t == 0) one[0] = 1.0f; __syncwarp(); to[t] = one[0];",
    );
    assert_eq!(
        (same.shared_reads.requests, same.shared_reads.units),
        (1, 1)
    );

    let wide = "__shared__ float4 tile[32]; tile[t] = reinterpret_cast<const float4*>(from)[t]; __syncwarp(); \
                reinterpret_cast<float4*>(to)[t] = tile[31 - t];";
    let wide = counts(&session, wide);
    assert_eq!(
        (
            wide.shared_reads.requests,
            wide.shared_reads.units,
            wide.shared_reads.ideal_units
        ),
        (1, 4, 4)
    );
}

#[test]
fn tensor_cores_atomics_and_copies() {
    let Some(session) = session() else { return };
    let text = "extern \"C\" __global__ void kernel(float* to, const float* from) {
        __shared__ unsigned total;
        __shared__ float4 tile[64];
        if (threadIdx.x == 0) total = 0;
        __syncthreads();
        atomicAdd(&total, 1u);
        netc::copy_async_16(&tile[threadIdx.x], from + 4 * threadIdx.x, true);
        netc::copy_async_commit();
        netc::copy_async_wait<0>();
        unsigned a[4] = {0, 0, 0, 0}, b[2] = {0, 0};
        float c[4] = {0, 0, 0, 0};
        netc::mma_tf32(c, a, b);
        netc::mma_bf16(c, a, b);
        __syncthreads();
        to[blockIdx.x * 64 + threadIdx.x] = tile[63 - threadIdx.x].x + c[0] + total;
    }";
    let counts = counts_of(&session, text, 3, 64);
    assert_eq!(
        (
            counts.blocks,
            counts.threads,
            counts.barriers,
            counts.atomics
        ),
        (3, 192, 6, 192)
    );
    assert_eq!(counts.products, 3 * 2 * (2 * 16 * 8 * 8 + 2 * 16 * 8 * 16));
    assert_eq!(
        (counts.global_reads.requests, counts.global_reads.units),
        (6, 96)
    );
    assert_eq!(counts.global_reads.footprint, 1024);
}
