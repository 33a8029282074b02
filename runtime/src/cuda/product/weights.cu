// The gradient of weights: rows are filters, columns the cells of the kernel with the channels of each, terms the pixels of all images.

// Term p, row m: dy at pixel p, filter m. Rows lie next to each other.
template <int ROWS, int THREADS, class DY, int FILTERS, bool BIAS>
struct Outputs {
    static constexpr bool by_row = false;
    static constexpr int at = at_once<DY>(FILTERS), chunks = ROWS / at, apart = THREADS / chunks, own = STEP / apart;
    static_assert(own * apart == STEP, "the threads share the terms evenly");

    const float* from; // the tile's first filter
    int count;         // of filters
    Index pixels;
    float sum; // over pixels of the filter of the thread's number, where the block adds up the bias' gradient
    bool sums;

    __device__ void load(float* to, int step) const {
        const int m = threadIdx.x % chunks * at;
#pragma unroll
        for (int i = 0; i < own; i++) {
            const int k = threadIdx.x / chunks + i * apart;
            const Index p = (Index)step * STEP + k;
            const bool valid = p < pixels && m < count;
            copy_async<at>(to + place<ROWS, false>(m, k), from + (valid ? DY::at(p) + m : 0), valid);
        }
    }
    __device__ void read(const float* now) {
        if (!BIAS || !sums || threadIdx.x >= ROWS) return;
#pragma unroll
        for (int k = 0; k < STEP; k++) sum += now[place<ROWS, false>(threadIdx.x, k)];
    }
};

// Term p, column (cell, channel): x under the cell of the window of pixel p.
template <int COLUMNS, int THREADS, class S, class X, class DY, int DEPTH>
struct Inputs {
    static constexpr bool by_row = false;
    static constexpr int at = at_once<X>(DEPTH), chunks = COLUMNS / at, apart = THREADS / chunks, own = STEP / apart;
    static_assert(own * apart == STEP, "the threads share the terms evenly");

    const float* from; // the group's first channel
    Index pixels;
    int top, left, channel;
    bool inside;

    // The columns from n on.
    __device__ void begin(int n) {
        const int k = n + threadIdx.x % chunks * at, cell = k / DEPTH;
        inside = k < S::kernel_h * S::kernel_w * DEPTH;
        top = cell / S::kernel_w * S::dilation_h - S::pad_top, left = cell % S::kernel_w * S::dilation_w - S::pad_left, channel = k % DEPTH;
    }
    __device__ void load(float* to, int step) const {
#pragma unroll
        for (int i = 0; i < own; i++) {
            const int k = threadIdx.x / chunks + i * apart;
            const Index p = (Index)step * STEP + k;
            const int iy = (int)(p / DY::w % DY::h) * S::stride_h + top, ix = (int)(p % DY::w) * S::stride_w + left;
            const bool valid = inside && p < pixels && (unsigned)iy < (unsigned)X::h && (unsigned)ix < (unsigned)X::w;
            const float* here = valid ? from + X::at(p / DY::pixels, iy, ix) + channel : from;
            copy_async<at>(to + place<COLUMNS, false>(threadIdx.x % chunks * at, k), here, valid);
        }
    }
};

// Sums go to rows of CELLS numbers.
template <int CELLS, bool ALIGNED, bool ADDS>
struct Kernel {
    float* to; // the tile's first row
    int count, n, here;
    __device__ Index row(int r) const { return r < count ? (Index)r * CELLS : NOWHERE; }
    template <int RUN>
    __device__ void column(int at) { here = n + at; }
    template <int RUN>
    __device__ void put(Index row, const float* values) const {
        if (row != NOWHERE) put_run<RUN, ADDS, ALIGNED && CELLS % RUN == 0>(to + row + here, values, CELLS - here);
    }
};

template <int CELLS, bool ALIGNED, bool ADDS, class TILE>
__device__ inline void write_rows(TILE& sums, float*, float* to, int rows, int first) {
    Kernel<CELLS, ALIGNED, ADDS> out = {to, rows, first, 0};
    sums.template write<false, false>(out);
}

// gradient[f, cell, c] = sum over pixels of dy * x, bias[f] = sum over pixels of dy, or added to what stands there. Pointers, or `Complete`
// (complete.cu).
template <class TILE, int LEAST, class S, class X, class DY, bool ALIGNED, bool ADDS, class T, class W, class BIAS>
__device__ void weight_product(T team, Index images, const float* x, const float* dy, W gradient, BIAS bias, float* scratch, unsigned* arrived) {
    constexpr int depth = X::c / S::groups, filters = DY::c / S::groups, cells = S::kernel_h * S::kernel_w * depth;
    constexpr int columns = (cells + TILE::n - 1) / TILE::n, rows = (filters + TILE::m - 1) / TILE::m;
    typedef Outputs<TILE::m, TILE::threads, DY, filters, true> A;
    typedef Inputs<TILE::n, TILE::threads, S, X, DY, depth> B;
    float* shared = stage_memory<TILE>();
    __shared__ bool last;

    const Index pixels = images * DY::pixels;
    const int tiles = rows * columns * S::groups, steps = (pixels + STEP - 1) / STEP;
    const Split<LEAST> split(tiles, steps);
    for (Index t = team.tile(); t < tiles * split.parts; t += team.tiles()) {
        const int part = t % split.parts, tile = t / split.parts;
        const int n = tile % columns * TILE::n, m = tile / columns % rows * TILE::m, group = tile / (columns * rows);
        A a = {dy + group * filters + m, filters - m, pixels, 0.0f, bias && n == 0};
        B b;
        b.from = x + group * depth, b.pixels = pixels;
        b.begin(n);
        TILE sums;
        sums.clear();
        sums.add(a, b, shared, (Index)steps * part / split.parts, (Index)steps * (part + 1) / split.parts);
        if (!split.template join<TILE::threads>(sums.sum, a.sum, tile, part, scratch, arrived, &last)) continue;
        write_rows<cells, ALIGNED, ADDS>(sums, shared, gradient + (Index)(group * filters + m) * cells, filters - m, n);
        if (a.sums && threadIdx.x < TILE::m && (int)threadIdx.x < filters - m)
            put<ADDS>(bias + (Index)(group * filters + m + threadIdx.x), a.sum);
        close(gradient, tile);
    }
}
