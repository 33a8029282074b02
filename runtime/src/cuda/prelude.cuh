// What every kernel of netc may use. Header-free: NVRTC has no headers, and needs none.
//
// A device function computes one operation. It is a template over the descriptor `D` and the views `V`, both structs of constants that the
// host writes, and over the team of threads that shares the work: all blocks of a launch (`Grid`), or one block that computes a whole
// network for its image (`Block`). It takes the team, the number of images, and a pointer for each operand, to the first image.

namespace netc {

// How many images are computed: NETC_INDEX is wide enough for every element of the largest batch.
typedef NETC_INDEX Index;

// All blocks of a launch.
struct Grid {
    __device__ static Index thread() { return (Index)blockIdx.x * blockDim.x + threadIdx.x; }
    __device__ static Index threads() { return (Index)gridDim.x * blockDim.x; }
    __device__ static Index warp() { return thread() / 32; }
    __device__ static Index warps() { return threads() / 32; }
    __device__ static Index tile() { return blockIdx.x; }
    __device__ static Index tiles() { return gridDim.x; }
};

// Some blocks of a launch that several operations share.
struct Share {
    Index block, blocks;
    __device__ Index thread() const { return block * blockDim.x + threadIdx.x; }
    __device__ Index threads() const { return blocks * blockDim.x; }
    __device__ Index warp() const { return thread() / 32; }
    __device__ Index warps() const { return threads() / 32; }
    __device__ Index tile() const { return block; }
    __device__ Index tiles() const { return blocks; }
};

// One block alone.
struct Block {
    __device__ static Index thread() { return threadIdx.x; }
    __device__ static Index threads() { return blockDim.x; }
    __device__ static Index warp() { return threadIdx.x / 32; }
    __device__ static Index warps() { return blockDim.x / 32; }
    __device__ static Index tile() { return 0; }
    __device__ static Index tiles() { return 1; }
};

__device__ inline int lane() { return threadIdx.x % 32; }

// A value in memory: NHWC, its channels perhaps a part of a wider pixel.
template <int H, int W, int C, int PIXEL, int CHANNEL, bool ALIGNED = true>
struct View {
    static constexpr int h = H, w = W, c = C, pixel = PIXEL, channel = CHANNEL;
    static constexpr int pixels = H * W, len = H * W * C;
    static constexpr bool dense = PIXEL == C;
    // Whether the buffer starts where four numbers may be loaded as one.
    static constexpr bool aligned = ALIGNED;
    // The place of channel 0 of a pixel, counted over all images: `image * pixels + y * w + x`.
    __device__ static Index at(Index p) { return p * PIXEL + CHANNEL; }
    __device__ static Index at(Index image, int y, int x) { return at(image * pixels + y * W + x); }
    // The place of an element, counted over all images as if the view were dense.
    __device__ static Index element(Index i) { return dense ? i : at(i / C) + i % C; }
};

enum class Act { None, Relu, Relu6, LeakyRelu, Elu, Gelu, Silu, Sigmoid, HardSigmoid, HardSwish, Tanh, LecunTanh };
enum class Interpolation { Nearest, Bilinear };
enum class Reduction { Mean, Max };

constexpr float infinity = __builtin_bit_cast(float, 0x7f800000u), not_a_number = __builtin_bit_cast(float, 0x7fc00000u);

__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
// A NaN passes through.
__device__ inline float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

// The value of an activation; a NaN stays one.
template <Act ACT>
__device__ inline float activate(float x, float parameter) {
    if constexpr (ACT == Act::Relu) return x < 0.0f ? 0.0f : x;
    if constexpr (ACT == Act::Relu6) return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x;
    if constexpr (ACT == Act::LeakyRelu) return x < 0.0f ? parameter * x : x;
    if constexpr (ACT == Act::Elu) return x < 0.0f ? parameter * expm1f(x) : x;
    if constexpr (ACT == Act::Gelu) return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f));
    if constexpr (ACT == Act::Silu) return x * sigmoid(x);
    if constexpr (ACT == Act::Sigmoid) return sigmoid(x);
    if constexpr (ACT == Act::HardSigmoid) return clamp(x + 3.0f, 0.0f, 6.0f) / 6.0f;
    if constexpr (ACT == Act::HardSwish) return x <= -3.0f ? 0.0f : x >= 3.0f ? x : x * (x + 3.0f) / 6.0f;
    if constexpr (ACT == Act::Tanh) return tanhf(x);
    if constexpr (ACT == Act::LecunTanh) return 1.7159f * tanhf(x * (2.0f / 3.0f));
    return x;
}

// The activation that an operation has fused.
template <class D>
__device__ inline float activate(float x) { return activate<D::act>(x, D::act_parameter); }

// Its derivative from its value, for those of which it follows (`Act::from_value` of the plan).
template <Act ACT>
__device__ inline float derivative_of_value(float y, float parameter) {
    if constexpr (ACT == Act::Relu) return y <= 0.0f ? 0.0f : 1.0f;
    if constexpr (ACT == Act::Relu6) return y <= 0.0f || y >= 6.0f ? 0.0f : 1.0f;
    if constexpr (ACT == Act::LeakyRelu) return y <= 0.0f ? parameter : 1.0f;
    if constexpr (ACT == Act::Elu) return y <= 0.0f ? y + parameter : 1.0f;
    if constexpr (ACT == Act::Sigmoid) return y * (1.0f - y);
    if constexpr (ACT == Act::HardSigmoid) return y <= 0.0f || y >= 1.0f ? 0.0f : 1.0f / 6.0f;
    if constexpr (ACT == Act::Tanh) return 1.0f - y * y;
    if constexpr (ACT == Act::LecunTanh) return (2.0f / 3.0f) * (1.7159f - y * y / 1.7159f);
    return 1.0f;
}

// Its derivative from its input.
template <Act ACT>
__device__ inline float derivative_of_input(float x, float parameter) {
    if constexpr (ACT == Act::Gelu)
        return 0.5f * (1.0f + erff(x * 0.70710678118654752f)) + x * 0.39894228040143268f * expf(-0.5f * x * x);
    if constexpr (ACT == Act::Silu) { float s = sigmoid(x); return s * (1.0f + x * (1.0f - s)); }
    if constexpr (ACT == Act::HardSwish) return x <= -3.0f ? 0.0f : x >= 3.0f ? 1.0f : (2.0f * x + 3.0f) / 6.0f;
    return derivative_of_value<ACT>(activate<ACT>(x, parameter), parameter);
}

// A gradient times the slope, which is 0 in places; there nothing comes through, not even what is no number.
template <Act ACT>
__device__ inline float chain(float dy, float slope) {
    constexpr bool flat = ACT == Act::Relu || ACT == Act::Relu6 || ACT == Act::HardSigmoid;
    return flat && slope == 0.0f ? 0.0f : dy * slope;
}

// Sums and maxima over a warp, the same in every lane, always in the same order.
__device__ inline float warp_sum(float x) {
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}
__device__ inline float warp_max(float x) {
    for (int step = 16; step > 0; step /= 2) {
        float other = __shfl_xor_sync(0xffffffffu, x, step);
        x = other > x || other != other ? other : x;
    }
    return x;
}

// Writes a gradient, or adds to what stands there.
template <bool ADD>
__device__ inline void put(float* to, float value) {
    if constexpr (ADD) *to += value; else *to = value;
}

// Where the gradient of a value goes that an activation gave, for who writes it last: it becomes the gradient of the activation's input, by the
// value at the same place.
template <Act ACT>
struct Through {
    float* gradient;
    const float* value;
    float parameter;
    __device__ Through operator+(Index i) const { return {gradient + i, value + i, parameter}; }
};
template <bool ADD, Act ACT>
__device__ inline void put(const Through<ACT>& to, float value) {
    if constexpr (ADD) value += *to.gradient;
    *to.gradient = chain<ACT>(value, derivative_of_value<ACT>(*to.value, to.parameter));
}

// Whether a gradient has to be written even where nothing is added to it.
template <class TO>
constexpr bool writes_all = true;
template <>
constexpr bool writes_all<float*> = false;

// Copies a value of an image to where it is dense; for one block.
template <class VIEW>
__device__ void hand_out(const float* from, float* to) {
    for (int i = threadIdx.x; i < VIEW::len; i += blockDim.x) to[i] = from[VIEW::element(i)];
}

// Tensor cores and copies that do not wait, of sm_80 and later: under these names, as their instructions are not C++.
#ifndef NETC_EMULATED
#if __CUDA_ARCH__ >= 800
// c += a b for 16 x 8 by 8 x 8 numbers, and 16 x 16 by 16 x 8 with two numbers a register; a warp has the fragments that PTX describes
// (mma.m16n8k8, mma.m16n8k16).
__device__ inline void mma_tf32(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
__device__ inline void mma_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
// The nearest number with 10 bits of mantissa.
__device__ inline unsigned to_tf32(float x) {
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
    return bits;
}
__device__ inline unsigned pack_bf16(float lo, float hi) {
    unsigned bits;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(hi), "f"(lo));
    return bits;
}
// Copies 16 or 4 bytes to shared memory, zeros where not valid; they are there after a wait that covers their group.
__device__ inline void copy_async_16(void* shared, const void* global, bool valid) {
    unsigned to = (unsigned)__cvta_generic_to_shared(shared);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(valid ? 16 : 0) : "memory");
}
__device__ inline void copy_async_4(void* shared, const void* global, bool valid) {
    unsigned to = (unsigned)__cvta_generic_to_shared(shared);
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(global), "r"(valid ? 4 : 0) : "memory");
}
__device__ inline void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until no more than so many groups of copies are under way.
template <int GROUPS>
__device__ inline void copy_async_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory"); }
#else
__device__ inline void copy_async_16(void* shared, const void* global, bool valid) {
    *(float4*)shared = valid ? *(const float4*)global : float4{0.0f, 0.0f, 0.0f, 0.0f};
}
__device__ inline void copy_async_4(void* shared, const void* global, bool valid) {
    *(float*)shared = valid ? *(const float*)global : 0.0f;
}
__device__ inline void copy_async_commit() {}
template <int GROUPS>
__device__ inline void copy_async_wait() {}
#endif
#endif

// SplitMix64's finaliser (`netc_plan::random`).
__device__ inline unsigned long long mix(unsigned long long z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

// MurmurHash3's finaliser.
__device__ inline unsigned murmur(unsigned h) {
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return h ^ (h >> 16);
}

// The random number of an element, in [0, 1), by the key of layer and image; the CPU's `dropout.rs` says how it is drawn.
__device__ inline float uniform(unsigned long long key, unsigned element) {
    unsigned h = murmur(element * 0x9e3779b1u + (unsigned)key);
    return (float)(murmur(h ^ (unsigned)(key >> 32)) >> 8) * (1.0f / 16777216.0f);
}

// What changes from step to step while the launches stay the same: read by kernels, written by the host before a step.
struct Step {
    unsigned long long seed;   // of the run
    unsigned long long number; // steps before this one
    unsigned long long first;  // what image 0 of the kernel is in the batch

    // The key of the random numbers of a layer, by its number among those that draw, and an image.
    __device__ unsigned long long key(unsigned index, Index image) const { return mix(mix(mix(mix(seed) + number) + index) + (first + image)); }

    // For a block that computes this image alone.
    __device__ Step alone(Index image) const { return {seed, number, image}; }
};

}  // namespace netc
