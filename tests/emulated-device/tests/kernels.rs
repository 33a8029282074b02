//! Kernels that are right give right results, whatever order their threads run in.

mod common;

use common::{Gpu, session, shape};
use netc_emulated_device::Session;

const ORDERS: [&str; 5] = ["forward", "reverse", "1", "2", "3"];

/// Runs `test` under every order of threads, and checks that nothing was reported or left behind.
fn in_every_order(test: impl Fn(&Session<'_>, &Gpu)) {
    let Some(session) = session() else { return };
    for order in ORDERS {
        session.set("seed", order);
        test(&session, &Gpu::new());
        assert_eq!(session.reports(), "", "order {order}");
    }
    assert_eq!(session.live(), Default::default());
}

fn close(left: &[f32], right: &[f32], tolerance: f32) {
    assert_eq!(left.len(), right.len());
    for (i, (l, r)) in left.iter().zip(right).enumerate() {
        assert!((l - r).abs() <= tolerance, "element {i}: {l} and {r}");
    }
}

/// Numbers in -0.5 ... 0.5 that are all different.
fn numbers(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 2_654_435_761) % 1000) as f32 / 1000.0 - 0.5)
        .collect()
}

#[test]
fn vectors_are_added() {
    const TEXT: &str = r#"
extern "C" __global__ void add(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ sum, int count) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) sum[i] = __ldg(a + i) + b[i];
}"#;
    in_every_order(|session, gpu| {
        let add = gpu.function(session, TEXT, "add");
        let (a, b) = (numbers(1000), numbers(1000));
        let (on_a, on_b) = (
            gpu.stream.clone_htod(&a).unwrap(),
            gpu.stream.clone_htod(&b).unwrap(),
        );
        let mut sum = gpu.stream.alloc_zeros::<f32>(1000).unwrap();
        launch!(gpu, add, shape(8, 128), &on_a, &on_b, &mut sum, &1000i32).unwrap();
        let expected: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        assert_eq!(gpu.stream.clone_dtoh(&sum).unwrap(), expected);
    });
}

#[test]
fn a_block_computes_softmax() {
    const TEXT: &str = r#"
__device__ float warp_sum(float x) {
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}
extern "C" __global__ void __launch_bounds__(256) softmax(const float* x, float* y) {
    __shared__ float partial[8];
    __shared__ float total;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, i = blockIdx.x * blockDim.x + threadIdx.x;
    const float e = expf(x[i]);
    const float sum = warp_sum(e);
    if (lane == 0) partial[warp] = sum;
    __syncthreads();
    if (warp == 0) {
        const float all = warp_sum(lane < 8 ? partial[lane] : 0.0f);
        if (lane == 0) total = all;
    }
    __syncthreads();
    y[i] = __fdividef(e, total);
}"#;
    in_every_order(|session, gpu| {
        let softmax = gpu.function(session, TEXT, "softmax");
        let x = numbers(1024);
        let on_x = gpu.stream.clone_htod(&x).unwrap();
        let mut y = gpu.stream.alloc_zeros::<f32>(1024).unwrap();
        launch!(gpu, softmax, shape(4, 256), &on_x, &mut y).unwrap();
        let y = gpu.stream.clone_dtoh(&y).unwrap();
        for (x, y) in x.chunks(256).zip(y.chunks(256)) {
            let total: f32 = x.iter().map(|x| x.exp()).sum();
            let expected: Vec<f32> = x.iter().map(|x| x.exp() / total).collect();
            close(y, &expected, 1e-6);
        }
    });
}

/// c [16, 8] += a [16, depth] b [depth, 8], row by row.
fn product(a: &[f32], b: &[f32], depth: usize) -> Vec<f32> {
    let cell = |i: usize| {
        (0..depth)
            .map(|k| a[i / 8 * depth + k] * b[k * 8 + i % 8])
            .sum()
    };
    (0..128).map(cell).collect()
}

#[test]
fn tensor_cores_multiply() {
    const TEXT: &str = r#"
extern "C" __global__ void product_tf32(const float* a, const float* b, float* c) { // [16, 8] [8, 8]
    const int group = threadIdx.x / 4, member = threadIdx.x % 4;
    unsigned fa[4], fb[2];
    float fc[4] = {0, 0, 0, 0};
    for (int i = 0; i < 4; ++i) fa[i] = netc::to_tf32(a[(group + 8 * (i % 2)) * 8 + member + 4 * (i / 2)]);
    for (int i = 0; i < 2; ++i) fb[i] = netc::to_tf32(b[(member + 4 * i) * 8 + group]);
    netc::mma_tf32(fc, fa, fb);
    for (int i = 0; i < 4; ++i) c[(group + 8 * (i / 2)) * 8 + 2 * member + i % 2] = fc[i];
}
extern "C" __global__ void product_bf16(const float* a, const float* b, float* c) { // [16, 16] [16, 8]
    const int group = threadIdx.x / 4, member = threadIdx.x % 4;
    unsigned fa[4], fb[2];
    float fc[4] = {0, 0, 0, 0};
    for (int i = 0; i < 4; ++i) {
        const float* at = a + (group + 8 * (i % 2)) * 16 + 2 * member + 8 * (i / 2);
        fa[i] = netc::pack_bf16(at[0], at[1]);
    }
    for (int i = 0; i < 2; ++i) {
        const float* at = b + (2 * member + 8 * i) * 8 + group;
        fb[i] = netc::pack_bf16(at[0], at[8]);
    }
    netc::mma_bf16(fc, fa, fb);
    for (int i = 0; i < 4; ++i) c[(group + 8 * (i / 2)) * 8 + 2 * member + i % 2] = fc[i];
}"#;
    in_every_order(|session, gpu| {
        let kernels = gpu.functions(session, TEXT, ["product_tf32", "product_bf16"]);
        for (kernel, depth, tolerance) in [(&kernels[0], 8, 2e-3), (&kernels[1], 16, 2e-2)] {
            let (a, b) = (numbers(16 * depth), numbers(depth * 8));
            let (on_a, on_b) = (
                gpu.stream.clone_htod(&a).unwrap(),
                gpu.stream.clone_htod(&b).unwrap(),
            );
            let mut c = gpu.stream.alloc_zeros::<f32>(128).unwrap();
            launch!(gpu, *kernel, shape(1, 32), &on_a, &on_b, &mut c).unwrap();
            close(
                &gpu.stream.clone_dtoh(&c).unwrap(),
                &product(&a, &b, depth),
                tolerance,
            );
        }
    });
}

const DOUBLE_BUFFERED: &str = r#"
extern "C" __global__ void __launch_bounds__(64) sums(const float* x, float* y, int tiles) {
    __shared__ float4 buffer[2][64];
    const int t = threadIdx.x;
    const float4* from = reinterpret_cast<const float4*>(x);
    netc::copy_async_16(&buffer[0][t], from + t, true);
    netc::copy_async_commit();
    float sum = 0.0f;
    for (int tile = 0; tile < tiles; ++tile) {
        const bool more = tile + 1 < tiles;
        netc::copy_async_16(&buffer[(tile + 1) % 2][t], more ? from + (tile + 1) * 64 + t : from, more);
        netc::copy_async_commit();
        netc::copy_async_wait<WAIT>();
        __syncthreads();
        const float4 other = buffer[tile % 2][63 - t];
        sum += other.x + other.y + other.z + other.w;
        __syncthreads();
    }
    y[t] = sum;
}"#;

#[test]
fn copies_run_beside_the_computation() {
    in_every_order(|session, gpu| {
        let sums = gpu.function(session, &DOUBLE_BUFFERED.replace("WAIT", "1"), "sums");
        let x = numbers(64 * 4 * 5);
        let on_x = gpu.stream.clone_htod(&x).unwrap();
        let mut y = gpu.stream.alloc_zeros::<f32>(64).unwrap();
        launch!(gpu, sums, shape(1, 64), &on_x, &mut y, &5i32).unwrap();
        let expected = |t: usize| {
            (0..5)
                .flat_map(|tile| &x[(tile * 64 + 63 - t) * 4..][..4])
                .sum()
        };
        close(
            &gpu.stream.clone_dtoh(&y).unwrap(),
            &(0..64).map(expected).collect::<Vec<f32>>(),
            1e-5,
        );
    });
}

#[test]
fn kernels_are_found_wherever_they_stand() {
    const TEXT: &str = r#"
#define UNUSED extern "C" __global__ void in_a_macro() {}
// __global__ void in_a_comment(int) {}
/* __global__ void in_another(int) {} */
extern "C" __global__ void later(float* x);
template <int N> __global__ void of_a_template(float* x) { x[0] = N; }
namespace outer { namespace inner {
constexpr int threads = 16;
constexpr char quote = '"';
extern "C" { __global__ void __launch_bounds__(outer::inner::threads * 2, 4) inside(float* x) { x[threadIdx.x] = '}' - '}' + 1.0f; } }
} }
extern "C" __global__ __launch_bounds__(64) void later(float* x) { x[threadIdx.x] += 1.0f; }
"#;
    in_every_order(|session, gpu| {
        let [inside, later] = gpu.functions(session, TEXT, ["inside", "later"]);
        assert_eq!(inside.max_threads_per_block().unwrap(), 32);
        assert_eq!(later.max_threads_per_block().unwrap(), 64);
        let mut x = gpu.stream.alloc_zeros::<f32>(32).unwrap();
        launch!(gpu, inside, shape(1, 32), &mut x).unwrap();
        launch!(gpu, later, shape(1, 32), &mut x).unwrap();
        assert_eq!(gpu.stream.clone_dtoh(&x).unwrap(), [2.0; 32]);
    });
}

#[test]
fn graphs_are_replayed() {
    const TEXT: &str = r#"
extern "C" __global__ void scale(float* x, float by) { x[threadIdx.x] *= by; }
extern "C" __global__ void shift(float* x, float by) { x[threadIdx.x] += by; }"#;
    use cudarc::driver::sys::{CUgraphInstantiate_flags, CUstreamCaptureMode};
    in_every_order(|session, gpu| {
        let [scale, shift] = gpu.functions(session, TEXT, ["scale", "shift"]);
        let mut x = gpu.stream.clone_htod(&[1.0f32; 32]).unwrap();
        gpu.stream
            .begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)
            .unwrap();
        launch!(gpu, scale, shape(1, 32), &mut x, &2.0f32).unwrap();
        launch!(gpu, shift, shape(1, 32), &mut x, &1.0f32).unwrap();
        let graph = gpu
            .stream
            .end_capture(CUgraphInstantiate_flags(0))
            .unwrap()
            .expect("a graph");
        assert_eq!(
            gpu.stream.clone_dtoh(&x).unwrap(),
            [1.0; 32],
            "a capture runs nothing"
        );
        for _ in 0..3 {
            graph.launch().unwrap();
        }
        assert_eq!(gpu.stream.clone_dtoh(&x).unwrap(), [15.0; 32]);
    });
}
