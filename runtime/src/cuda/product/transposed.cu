// The product that is the transpose of one over windows: from what a convolution gives to what it reads. Each pixel gathers, so that none is
// written twice. Pixels are taken by their remainder by the stride, as each has cells of the kernel of its own.

// Of one axis: the pixels whose place in the padded picture leaves this remainder by STRIDE, and the cells that reach them: `cell`,
// `cell + period` ..., each `DILATION * period / STRIDE` pixels before the last.
template <int SIZE, int KERNEL, int STRIDE, int PAD, int DILATION>
struct Phase {
    static constexpr int common(int a, int b) { return b == 0 ? a : common(b, a % b); }
    static constexpr int period = STRIDE / common(STRIDE, DILATION), apart = DILATION / common(STRIDE, DILATION);
    static constexpr int most_cells = (KERNEL + period - 1) / period;

    int first; // pixel
    int cell, cells;

    __device__ explicit Phase(int remainder) {
        first = (remainder + PAD * (STRIDE - 1)) % STRIDE;
        cell = 0;
        while (cell < period && cell * DILATION % STRIDE != remainder) cell++;
        cells = cell < period && cell < KERNEL ? (KERNEL - cell + period - 1) / period : 0;
    }
    // The pixel that the first cell reaches this one from.
    __device__ int source(int pixel) const { return (pixel + PAD - cell * DILATION) / STRIDE; }
};

// Term (cell, filter), column n: weight[filter, cell, n]. Columns lie next to each other.
template <int COLUMNS, int THREADS, class S, int FILTERS, int DEPTH, bool ALIGNED>
struct Filters {
    static constexpr bool by_row = false;
    static constexpr int at = ALIGNED && DEPTH % 4 == 0 ? 4 : 1, chunks = COLUMNS / at, apart = THREADS / chunks, own = STEP / apart;
    static_assert(own * apart == STEP, "the threads share the terms evenly");

    const float* from; // of the group's first filter, the tile's first column
    int count;         // of columns
    int terms, across, first_y, first_x, step_y, step_x;

    __device__ void load(float* to, int step) const {
        const int n = threadIdx.x % chunks * at;
#pragma unroll
        for (int i = 0; i < own; i++) {
            const int row = threadIdx.x / chunks + i * apart, k = step * STEP + row, cell = k / FILTERS;
            const int ky = first_y + cell / across * step_y, kx = first_x + cell % across * step_x;
            const bool valid = k < terms && n < count;
            const Index here = ((Index)(k % FILTERS) * (S::kernel_h * S::kernel_w) + ky * S::kernel_w + kx) * DEPTH + n;
            copy_async<at>(to + place<COLUMNS, false>(n, row), from + (valid ? here : 0), valid);
        }
    }
};

// Rows are pixels of one remainder, from `m` on, `count` in all images with those beyond the edges.
template <class D, class TO, int COLUMNS, bool ADD, class S, class P>
struct PhasePixels : Picture<D, TO, COLUMNS, ADD, P> {
    static constexpr int high = (TO::h + S::stride_h - 1) / S::stride_h, wide = (TO::w + S::stride_w - 1) / S::stride_w;
    Index m, count;
    int first_y, first_x;
    __device__ Index row(int r) const {
        const Index p = m + r;
        const int y = first_y + p / wide % high * S::stride_h, x = first_x + p % wide * S::stride_w;
        return p < count && y < TO::h && x < TO::w ? TO::at(p / (high * wide), y, x) : NOWHERE;
    }
};

// x[q, c] = act(bias[c] + sum over windows that hold pixel q of y * weight[f, cell, c]).
template <class TILE, int LEAST, class S, class D, class Y, class X, bool ALIGNED, bool ADD, class T, class P>
__device__ void transposed_product(T team, Index images, const float* y, P x, const float* weight, const float* bias, float* scratch,
                                   unsigned* arrived) {
    constexpr int depth = X::c / S::groups, filters = Y::c / S::groups, columns = (depth + TILE::n - 1) / TILE::n;
    typedef Phase<X::h, S::kernel_h, S::stride_h, S::pad_top, S::dilation_h> Down;
    typedef Phase<X::w, S::kernel_w, S::stride_w, S::pad_left, S::dilation_w> Across;
    typedef Window<TILE::m, TILE::threads, Y, filters, -Down::apart, -Across::apart> A;
    typedef Filters<TILE::n, TILE::threads, S, filters, depth, ALIGNED> B;
    constexpr int high = (X::h + S::stride_h - 1) / S::stride_h, wide = (X::w + S::stride_w - 1) / S::stride_w;
    constexpr int most = (Down::most_cells * Across::most_cells * filters + STEP - 1) / STEP;
    float* shared = stage_memory<TILE>();
    __shared__ bool last;

    const Index count = images * (high * wide);
    const Index tiles = (count + TILE::m - 1) / TILE::m * columns * S::groups * (S::stride_h * S::stride_w);
    const Split<LEAST> split(tiles, most);
    for (Index t = team.tile(); t < tiles * split.parts; t += team.tiles()) {
        const int part = t % split.parts;
        const Index tile = t / split.parts;
        const int n = tile % columns * TILE::n, group = tile / columns % S::groups, phase = tile / (columns * S::groups) % (S::stride_h * S::stride_w);
        const Index m = tile / (columns * S::groups * (S::stride_h * S::stride_w)) * TILE::m;
        const Down rows(phase / S::stride_w);
        const Across cols(phase % S::stride_w);
        const int across = S::stride_w == 1 ? S::kernel_w : cols.cells > 0 ? cols.cells : 1, terms = rows.cells * cols.cells * filters;
        const int steps = (terms + STEP - 1) / STEP;
        A a;
        a.from = y + group * filters, a.across = across, a.terms = terms;
#pragma unroll
        for (int i = 0; i < A::own; i++) {
            const Index p = m + A::row(i);
            const int iy = rows.first + p / wide % high * S::stride_h, ix = cols.first + p % wide * S::stride_w;
            if (p < count) a.begin(i, p / (high * wide), rows.source(iy), cols.source(ix));
            else a.leave_out(i);
        }
        B b;
        b.from = weight + (Index)(group * filters) * (S::kernel_h * S::kernel_w * depth) + n, b.count = depth - n, b.terms = terms;
        b.across = across, b.first_y = rows.cell, b.first_x = cols.cell, b.step_y = Down::period, b.step_x = Across::period;
        TILE sums;
        sums.clear();
        sums.add(a, b, shared, steps * part / split.parts, steps * (part + 1) / split.parts);
        float none = 0.0f;
        if (!split.template join<TILE::threads>(sums.sum, none, tile, part, scratch, arrived, &last)) continue;
        PhasePixels<D, X, depth, ADD, S, P> out;
        out.to = x + group * depth, out.bias = bias ? bias + group * depth : nullptr, out.n = n;
        out.m = m, out.count = count, out.first_y = rows.first, out.first_x = cols.first;
        sums.template write<A::by_row, B::by_row>(out);
    }
}
