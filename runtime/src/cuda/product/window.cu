// Products over windows of a picture: rows are pixels, terms the cells of a window with the channels of each.

// Of a picture in memory: numbers that can be copied at once, where `depth` channels from a multiple of `depth` on are read.
template <class SOURCE>
constexpr int at_once(int depth) { return SOURCE::pixel % 4 == 0 && SOURCE::channel % 4 == 0 && depth % 4 == 0 ? 4 : 1; }

// Row r, term (cell, channel): the pixel STEP_Y, STEP_X for each cell away from the row's; zero beyond the edges. `across` cells are a row of
// the window. Terms lie next to each other.
template <int ROWS, int THREADS, class SOURCE, int DEPTH, int STEP_Y, int STEP_X>
struct Window {
    static constexpr bool by_row = true;
    static constexpr int at = at_once<SOURCE>(DEPTH), chunks = STEP / at, apart = THREADS / chunks, own = ROWS / apart;
    static_assert(own * apart == ROWS, "the threads share the rows evenly");

    const float* from;
    int across, terms;
    Index pixel[own];
    int y[own], x[own];

    __device__ static int row(int i) { return threadIdx.x / chunks + i * apart; }

    // The row's pixel may lie beyond the edges.
    __device__ void begin(int i, Index image, int top, int left) {
        y[i] = top, x[i] = left;
        pixel[i] = SOURCE::at(image * SOURCE::pixels + (Index)(top * SOURCE::w + left));
    }
    __device__ void leave_out(int i) { y[i] = x[i] = -(1 << 30), pixel[i] = 0; }

    __device__ void load(float* to, int step) {
        const int k = step * STEP + threadIdx.x % chunks * at;
        const int cell = k / DEPTH, down = cell / across * STEP_Y, right = cell % across * STEP_X;
        const Index shift = (Index)((down * SOURCE::w + right) * SOURCE::pixel + k % DEPTH);
#pragma unroll
        for (int i = 0; i < own; i++) {
            const bool valid = k < terms && (unsigned)(y[i] + down) < (unsigned)SOURCE::h && (unsigned)(x[i] + right) < (unsigned)SOURCE::w;
            copy_async<at>(to + place<ROWS, true>(row(i), threadIdx.x % chunks * at), from + (valid ? pixel[i] + shift : 0), valid);
        }
    }
    __device__ void read(const float*) {}
};

// How far the weights of a filter lie from those of the next: packed, whole sectors, with zeros at the end.
__device__ constexpr int filters_apart(bool packed, int terms) { return packed ? (terms + 7) / 8 * 8 : terms; }

// Rows of TERMS numbers, one after the other.
template <int ROWS, int THREADS, int TERMS, bool ALIGNED>
struct Matrix {
    static constexpr bool by_row = true;
    static constexpr int at = ALIGNED && TERMS % 4 == 0 ? 4 : 1, chunks = STEP / at, apart = THREADS / chunks;
    static_assert(ROWS % apart == 0, "the threads share the rows evenly");

    const float* from; // row 0
    int count;         // of rows

    __device__ void load(float* to, int step) const {
        const int k = step * STEP + threadIdx.x % chunks * at;
#pragma unroll
        for (int i = 0; i < ROWS / apart; i++) {
            const int row = threadIdx.x / chunks + i * apart;
            const bool valid = k < TERMS && row < count;
            copy_async<at>(to + place<ROWS, true>(row, threadIdx.x % chunks * at), from + (valid ? (Index)row * TERMS + k : 0), valid);
        }
    }
};

// Nothing is added to outputs.
struct Nothing {};
template <class FROM>
constexpr bool is_nothing = false;
template <>
constexpr bool is_nothing<Nothing> = true;

// Sums go into a picture: the row is a pixel, columns are channels from `first` on. FROM: the view of what is added to them before the activation,
// or `Nothing`. It may be the picture itself.
template <class D, class TO, int COLUMNS, bool ADD, class P, class FROM = Nothing>
struct Picture {
    P to;
    const float* added; // as `to`
    const float* bias; // of channel `first`; null where there is none
    int n, left;       // first channel of the tile, and how many there are from the column on
    float add[4];
    P here;

    template <int RUN>
    __device__ void column(int at) {
        here = to + n + at;
        left = COLUMNS - n - at;
#pragma unroll
        for (int i = 0; i < RUN; i++) add[i] = bias && i < left ? __ldg(bias + n + at + i) : 0.0f;
    }
    template <int RUN>
    __device__ void put(Index row, const float* values) const {
        if (row == NOWHERE) return;
        constexpr bool aligned = TO::pixel % RUN == 0 && TO::channel % RUN == 0 && COLUMNS % RUN == 0;
        float all[RUN];
#pragma unroll
        for (int i = 0; i < RUN; i++) all[i] = values[i] + add[i];
        if constexpr (!is_nothing<FROM>) {
            const float* from = added + (here - to) + FROM::at((row - TO::channel) / TO::pixel);
#pragma unroll
            for (int i = 0; i < RUN; i++) all[i] += i < left ? from[i] : 0.0f;
        }
#pragma unroll
        for (int i = 0; i < RUN; i++) all[i] = activate<D>(all[i]);
        put_run<RUN, ADD, aligned>(here + row, all, left);
    }
};

// No activation, where an operation has none to be applied.
struct Plain {
    static constexpr Act act = Act::None;
    static constexpr float act_parameter = 0.0f;
};

// Rows are the pixels from `m` on, `count` in all.
template <class D, class TO, int COLUMNS, bool ADD, class P, class FROM>
struct Pixels : Picture<D, TO, COLUMNS, ADD, P, FROM> {
    Index m, count;
    __device__ Index row(int r) const { return m + r < count ? TO::at(m + r) : NOWHERE; }
};

// y[p, f] = act(bias[f] + sum over the window of pixel p) of x * weight[f, cell, channel]); S says the window, groups too. By D what is done
// to the sums; FROM, if not `Nothing`, is the view of `added`, which is added to them; ALIGNED: weights begin where vectors may; PACKED: see `filters_apart`.
template <class TILE, int LEAST, class S, class D, class X, class Y, bool ALIGNED, bool PACKED, bool ADD, class FROM = Nothing, class T, class P>
__device__ void window_product(T team, Index images, const float* x, P y, const float* weight, const float* bias, float* scratch,
                               unsigned* arrived, const float* added = nullptr) {
    constexpr int depth = X::c / S::groups, filters = Y::c / S::groups, terms = S::kernel_h * S::kernel_w * depth;
    constexpr int steps = (terms + STEP - 1) / STEP, columns = (filters + TILE::n - 1) / TILE::n;
    typedef Window<TILE::m, TILE::threads, X, depth, S::dilation_h, S::dilation_w> A;
    constexpr int apart = filters_apart(PACKED, terms);
    typedef Matrix<TILE::n, TILE::threads, apart, ALIGNED> B;
    float* shared = stage_memory<TILE>();
    __shared__ bool last;

    const Index count = images * Y::pixels, tiles = (count + TILE::m - 1) / TILE::m * columns * S::groups;
    const Split<LEAST> split(tiles, steps);
    for (Index t = team.tile(); t < tiles * split.parts; t += team.tiles()) {
        const int part = t % split.parts, n = t / split.parts % columns * TILE::n, group = t / split.parts / columns % S::groups;
        const Index tile = t / split.parts, m = tile / (columns * S::groups) * TILE::m;
        A a;
        a.from = x + group * depth, a.across = S::kernel_w, a.terms = terms;
#pragma unroll
        for (int i = 0; i < A::own; i++) {
            const Index p = m + A::row(i);
            const int oy = p / Y::w % Y::h, ox = p % Y::w;
            if (p < count) a.begin(i, p / Y::pixels, oy * S::stride_h - S::pad_top, ox * S::stride_w - S::pad_left);
            else a.leave_out(i);
        }
        B b = {weight + (Index)(group * filters + n) * apart, filters - n};
        TILE sums;
        sums.clear();
        sums.add(a, b, shared, steps * part / split.parts, steps * (part + 1) / split.parts);
        float none = 0.0f;
        if (!split.template join<TILE::threads>(sums.sum, none, tile, part, scratch, arrived, &last)) continue;
        Pixels<D, Y, filters, ADD, P, FROM> out;
        out.to = y + group * filters, out.added = is_nothing<FROM> ? added : added + group * filters, out.bias = bias ? bias + group * filters : nullptr, out.n = n, out.m = m, out.count = count;
        sums.template write<A::by_row, B::by_row>(out);
    }
}
