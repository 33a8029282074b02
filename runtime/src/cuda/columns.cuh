// Sums over pixels, channel by channel: a block takes some neighbouring channels, and its threads share their pixels.

namespace netc {

// Threads of a block, unless its call says otherwise.
constexpr int block_size = 256;

// Memory that the threads of a block share. All functions of a kernel use the same, one after the other: who has used it ends with a barrier.
__device__ inline float* common() {
    alignas(16) __shared__ float numbers[5 * block_size];
    return numbers;
}

// The smallest power of two that is not below n.
__device__ constexpr int power_of_two(int n) {
    int power = 1;
    while (power < n) power *= 2;
    return power;
}

// How a block takes C channels in packs of N: `across` packs next to each other, and `down` threads, DOWN at least, for each.
template <int C, int N, int DOWN = 8>
struct Columns {
    static constexpr int packs = C / N;
    static constexpr int across = power_of_two(packs) * DOWN < block_size ? power_of_two(packs) : block_size / DOWN;
    static constexpr int down = block_size / across;
    // Of which each block takes one at a time.
    static constexpr int tiles = (packs + across - 1) / across;
    // This thread's first channel in a tile; C or more where it has none.
    __device__ static int channel(int tile) { return (tile * across + (int)threadIdx.x % across) * N; }
    // Its number among those that share the pixels.
    __device__ static int row() { return threadIdx.x / across; }

    // In how many parts these pixels are cut, so that there are blocks enough, and pixels enough for each thread.
    __device__ static Index parts(Index pixels) {
        constexpr Index limit = tiles >= 512 ? 1 : 512 / tiles;
        Index wanted = (pixels + 8 * down - 1) / (8 * down);
        return wanted < limit ? wanted : limit;
    }
};

// Threads that share the pixels of one image.
template <int PIXELS>
__device__ constexpr int down_for() {
    return PIXELS >= 1024 ? 64 : PIXELS <= 128 ? 8 : power_of_two(PIXELS / 16);
}

// Folds the packs of the threads that share pixels, always in the same order; the result is in row 0. All threads of the block call it.
template <class COLUMNS, int N, class F>
__device__ inline Pack<N> fold_down(const Pack<N>& pack, F f) {
    float* all = common() + threadIdx.x * N;
    store(all, pack);
    __syncthreads();
    for (int step = COLUMNS::down / 2; step > 0; step /= 2) {
        if (COLUMNS::row() < step) {
            Pack<N> own = load<N>(all), other = load<N>(all + step * COLUMNS::across * N);
            for (int k = 0; k < N; k++) own.at[k] = f(own.at[k], other.at[k]);
            store(all, own);
        }
        __syncthreads();
    }
    Pack<N> result = load<N>(common() + threadIdx.x % COLUMNS::across * N);
    __syncthreads();
    return result;
}

template <class COLUMNS, int N>
__device__ inline Pack<N> sum_down(const Pack<N>& pack) {
    return fold_down<COLUMNS>(pack, [](float a, float b) { return a + b; });
}

// Sums of VALUES numbers over all pixels of a batch for each of C channels, in parts: [part, value, channel]. `body(pixel, channel, sums)` adds
// a pixel's.
template <int VALUES, int C, int N, class T, class F>
__device__ inline void partial_sums(T team, Index pixels, float* scratch, F body) {
    typedef Columns<C, N> Shape;
    const Index parts = Shape::parts(pixels), length = (pixels + parts - 1) / parts;
    for (Index tile = team.tile(); tile < parts * Shape::tiles; tile += team.tiles()) {
        const Index part = tile / Shape::tiles, end = (part + 1) * length < pixels ? (part + 1) * length : pixels;
        const int c = Shape::channel(tile % Shape::tiles);
        Pack<N> sums[VALUES] = {};
        if (c < C)
#pragma unroll 4
            for (Index pixel = part * length + Shape::row(); pixel < end; pixel += Shape::down) body(pixel, c, sums);
        for (int value = 0; value < VALUES; value++) {
            Pack<N> sum = sum_down<Shape>(sums[value]);
            if (Shape::row() == 0 && c < C) store(scratch + (part * VALUES + value) * C + c, sum);
        }
    }
}

// Adds the parts, in order, and calls `finish(channel, sums)` for each channel. N as for the parts.
template <int VALUES, int C, int N, class T, class F>
__device__ inline void total_sums(T team, Index pixels, const float* scratch, F finish) {
    const Index parts = Columns<C, N>::parts(pixels);
    typedef Columns<C, 1, 32> Shape;
    for (Index tile = team.tile(); tile < Shape::tiles; tile += team.tiles()) {
        const int c = Shape::channel(tile);
        float sums[VALUES];
        for (int value = 0; value < VALUES; value++) {
            Pack<1> sum = {};
            if (c < C)
#pragma unroll 4
                for (Index part = Shape::row(); part < parts; part += Shape::down)
                    sum.at[0] += scratch[(part * VALUES + value) * C + c];
            sums[value] = sum_down<Shape>(sum).at[0];
        }
        if (Shape::row() == 0 && c < C) finish(c, sums);
    }
}

}  // namespace netc
