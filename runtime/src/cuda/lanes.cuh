// The channels of a pixel over the lanes of a warp, for what reduces over channels.

namespace netc {

// How a warp takes pixels of the view X in packs of N channels: `across` lanes a pixel, each with `count` packs.
template <class X, int N>
struct Lanes {
    static constexpr int packs = X::c / N;
    static constexpr int across = packs >= 32 ? 32 : power_of_two(packs);
    static constexpr int count = (packs + across - 1) / across;
    // Pixels at a time.
    static constexpr int pixels = 32 / across;
    // Whether a lane's packs fit into its registers.
    static constexpr bool fits = count * N <= 32;

    // The first channel of this lane's pack of this number.
    __device__ static int channel(int k) { return (k * across + lane() % across) * N; }
    __device__ static bool has(int k) { return packs % across == 0 || k * across + lane() % across < packs; }

    // The sum over the lanes of a pixel, in each of them. All lanes of the warp call it.
    __device__ static float sum(float x) {
        for (int step = across / 2; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
        return x;
    }
    // The largest number; a NaN need not win.
    __device__ static float largest(float x) {
        for (int step = across / 2; step > 0; step /= 2) {
            float other = __shfl_xor_sync(0xffffffffu, x, step);
            x = other > x ? other : x;
        }
        return x;
    }

    // Calls `f(pixel, whether it is one)` for the pixel of each lane; whole warps go through all of it.
    template <class T, class F>
    __device__ static void for_pixels(T team, Index all, F f) {
        for (Index i = team.warp(); i * pixels < all; i += team.warps()) {
            Index pixel = i * pixels + lane() / across;
            f(pixel, pixel < all);
        }
    }
    // Calls `f(number, channel)` for each pack of this lane.
    template <class F>
    __device__ static void for_packs(bool valid, F f) {
        if constexpr (fits) {
#pragma unroll
            for (int k = 0; k < count; k++)
                if (valid && has(k)) f(k, channel(k));
        } else {
            for (int k = 0; k < count; k++)
                if (valid && has(k)) f(k, channel(k));
        }
    }
};

// The packs of a lane: kept, or read again each time where they are too many.
template <class X, int N>
struct Packs {
    typedef Lanes<X, N> Shape;
    const float* pixel;
    Pack<N> kept[Shape::fits ? Shape::count : 1];

    __device__ Packs(const float* pixel, bool valid) : pixel(pixel) {
        if constexpr (Shape::fits) Shape::for_packs(valid, [&](int k, int c) { kept[k] = load<N>(pixel + c); });
    }
    __device__ Pack<N> at(int k) const {
        if constexpr (Shape::fits) return kept[k];
        return load<N>(pixel + Shape::channel(k));
    }
};

}  // namespace netc
