// Sums over pixels, channel by channel: a block takes some neighbouring channels, and its threads share their pixels.

namespace netc {

// Threads of a block, unless its call says otherwise.
constexpr int block_size = 256;

// By which blocks count each other, as `COUNTERS` of the host.
constexpr int most_counters = 512;

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

// Whether this is the last of so many blocks that come here; what the others wrote before is there for it then. All threads of the block call it.
__device__ inline bool arrives_last(unsigned* arrived, Index blocks) {
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        last = blocks == 1 || atomicAdd(arrived, 1u) == blocks - 1;
        if (last && blocks > 1) *arrived = 0;
    }
    __syncthreads();
    const bool is = last;
    __syncthreads();
    if (is) __threadfence();
    return is;
}

// Joins what the threads that share pixels have, always in the same order; the result is in row 0. All threads of the block call it.
template <class COLUMNS, class M>
__device__ inline M join_down(const M& own) {
    constexpr int fields = sizeof(M) / sizeof(float);
    static_assert(fields <= 5, "the threads share so much memory");
    // Field by field, so that neighbouring threads meet different banks.
    auto keep = [](const M& of) {
        for (int i = 0; i < fields; i++) common()[i * block_size + threadIdx.x] = reinterpret_cast<const float*>(&of)[i];
    };
    auto of = [](int thread) {
        M kept;
        for (int i = 0; i < fields; i++) reinterpret_cast<float*>(&kept)[i] = common()[i * block_size + thread];
        return kept;
    };
    M joined = own;
    keep(joined);
    __syncthreads();
    for (int step = COLUMNS::down / 2; step > 0; step /= 2) {
        if (COLUMNS::row() < step) {
            joined.join(of(threadIdx.x + step * COLUMNS::across));
            keep(joined);
        }
        __syncthreads();
    }
    joined = of(threadIdx.x % COLUMNS::across);
    __syncthreads();
    return joined;
}

// What a block knows of the pixels of its part, M for each channel, in scratch memory: [part, field, channel].
template <class M, int C, int N>
struct Parts {
    typedef Columns<C, N> Shape;
    static constexpr int fields = sizeof(M) / sizeof(float);
    float* scratch;
    int c;

    // Joins those of the block's threads, for row 0.
    __device__ void join(M (&own)[N]) const {
        for (int k = 0; k < N; k++) own[k] = join_down<Shape>(own[k]);
    }
    __device__ void keep(Index part, const M (&own)[N]) const {
        if (Shape::row() != 0 || c >= C) return;
        for (int field = 0; field < fields; field++) {
            Pack<N> pack;
            for (int k = 0; k < N; k++) pack.at[k] = reinterpret_cast<const float*>(&own[k])[field];
            store(scratch + (part * fields + field) * C + c, pack);
        }
    }
    // Joins `first`, `first + step` ... of other blocks, `count` in all, in order.
    __device__ void gather(Index first, Index step, Index count, M (&own)[N]) const {
        for (int k = 0; k < N; k++) own[k] = {};
        if (c < C)
            for (Index i = Shape::row(); i < count; i += Shape::down) {
                const float* from = scratch + (first + i * step) * fields * C + c;
                M more[N];
#pragma unroll
                for (int field = 0; field < fields; field++)
                    for (int k = 0; k < N; k++) reinterpret_cast<float*>(&more[k])[field] = __ldcg(from + field * C + k);
                for (int k = 0; k < N; k++) own[k].join(more[k]);
            }
        join(own);
    }
};

// Joins M over all pixels of a batch for each of C channels: blocks take parts of the pixels, the last of a few parts joins these, and the last of
// those all. `few(pixel, step, end, channel, own)` joins pixels of the thread, `at_once` of them; `finish(channel, all)` is called for each
// channel, and then `done()` by all threads of the block.
template <class M, int C, int N, int at_once, class T, class F, class G, class H>
__device__ inline void over_pixels(T team, Index pixels, float* scratch, unsigned* arrived, F few, G finish, H done) {
    typedef Columns<C, N> Shape;
    constexpr Index together = 16;
    const Index parts = Shape::parts(pixels), length = (pixels + parts - 1) / parts, groups = (parts + together - 1) / together;
    for (Index tile = team.tile(); tile < parts * Shape::tiles; tile += team.tiles()) {
        const Index part = tile / Shape::tiles, group = part / together, first = group * together;
        const Index end = (part + 1) * length < pixels ? (part + 1) * length : pixels;
        unsigned* counters = arrived + tile % Shape::tiles * (groups > 1 ? groups + 1 : 1);
        const Parts<M, C, N> all = {scratch, Shape::channel(tile % Shape::tiles)};
        M own[N] = {};
        if (all.c < C)
            for (Index pixel = part * length + Shape::row(); pixel < end; pixel += at_once * Shape::down) few(pixel, Shape::down, end, all.c, own);
        all.join(own);
        if (parts > 1) {
            const Index members = first + together < parts ? together : parts - first;
            all.keep(part, own);
            if (!arrives_last(counters + group, members)) continue;
            all.gather(first, 1, members, own);
        }
        if (groups > 1) {
            all.keep(first, own);
            if (!arrives_last(counters + groups, groups)) continue;
            all.gather(0, together, groups, own);
        }
        if (Shape::row() == 0 && all.c < C)
            for (int k = 0; k < N; k++) finish(all.c + k, own[k]);
        done();
    }
}

// Sums of some numbers.
template <int VALUES>
struct Totals {
    float at[VALUES];
    __device__ void join(const Totals& more) {
        for (int i = 0; i < VALUES; i++) at[i] += more.at[i];
    }
};

// Sums of VALUES numbers over all pixels of a batch for each of C channels: `body(pixel, channel, sums)` adds a pixel's.
template <int VALUES, int C, int N, class T, class F, class G, class H>
__device__ inline void sums_over_pixels(T team, Index pixels, float* scratch, unsigned* arrived, F body, G finish, H done) {
    constexpr int at_once = 4;
    auto few = [&](Index pixel, Index step, Index end, int c, Totals<VALUES>* own) {
#pragma unroll
        for (int i = 0; i < at_once; i++)
            if (pixel + i * step < end) body(pixel + i * step, c, own);
    };
    over_pixels<Totals<VALUES>, C, N, at_once>(team, pixels, scratch, arrived, few, finish, done);
}
template <int VALUES, int C, int N, class T, class F, class G>
__device__ inline void sums_over_pixels(T team, Index pixels, float* scratch, unsigned* arrived, F body, G finish) {
    sums_over_pixels<VALUES, C, N>(team, pixels, scratch, arrived, body, finish, [] {});
}

}  // namespace netc
