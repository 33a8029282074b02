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
    if constexpr (ACT == Act::HardSwish) return x * clamp(x + 3.0f, 0.0f, 6.0f) / 6.0f;
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

// A gradient times the slope; nothing comes through where it is flat, not even what is no number.
__device__ inline float chain(float dy, float slope) { return slope == 0.0f ? 0.0f : dy * slope; }

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

// Copies a value of an image to where it is dense; for one block.
template <class VIEW>
__device__ void hand_out(const float* from, float* to) {
    for (int i = threadIdx.x; i < VIEW::len; i += blockDim.x) to[i] = from[VIEW::element(i)];
}

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

    // The key of the random numbers of a layer, by its number among those that draw, and an image.
    __device__ unsigned long long key(unsigned index, Index image) const { return mix(mix(mix(mix(seed) + number) + index) + image); }
};

}  // namespace netc
