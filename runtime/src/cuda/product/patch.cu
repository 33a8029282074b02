// Products over windows of a picture of few channels: what the windows of a tile of HIGH x WIDE pixels see is copied to shared memory once, in
// whole sectors, as a pixel of three channels is none.

template <class X, class S, int HIGH, int WIDE>
struct Patch {
    static constexpr int depth = X::c, high = (HIGH - 1) * S::stride_h + (S::kernel_h - 1) * S::dilation_h + 1;
    static constexpr int wide = (WIDE - 1) * S::stride_w + (S::kernel_w - 1) * S::dilation_w + 1, numbers = wide * depth;
    // Half a warp reads what follows on what the other half reads, a pixel further: where that goes on in the window's next row, its banks follow
    // on those of the last row of both.
    static constexpr int pitch = numbers + (((S::kernel_w + S::stride_w) * depth - numbers) % 32 + 32) % 32;

    // Where the picture's number of this column and the row `y` lies.
    __device__ static Index at(Index image, int y, int left, int number) {
        return X::at(image * X::pixels + (Index)(y * X::w + left)) + (Index)(number / depth * X::pixel + number % depth);
    }
    // Copies the pixels from (top, left) on, zeros beyond the edges; a warp copies a row from the start of a sector on.
    __device__ static void copy(float* to, const float* from, Index image, int top, int left) {
        for (int row = threadIdx.x / 32; row < high; row += blockDim.x / 32) {
            const int y = top + row, before = (int)(((unsigned long long)from / 4 + at(image, y, left, 0)) % 8);
            for (int i = lane() - before; i < numbers; i += 32) {
                if (i < 0) continue;
                const bool valid = (unsigned)y < (unsigned)X::h && (unsigned)(left + i / depth) < (unsigned)X::w;
                copy_async_4(to + row * pitch + i, from + (valid ? at(image, y, left, i) : 0), valid);
            }
        }
        copy_async_commit();
        copy_async_wait<0>();
        __syncthreads();
    }
};

// Row r, term (cell, channel) as in `Window`.
template <int ROWS, int THREADS, class PATCH, class S, int WIDE>
struct Windows {
    static constexpr bool by_row = true;
    static constexpr int apart = THREADS / STEP, own = ROWS / apart, depth = PATCH::depth;
    static_assert(own * apart == ROWS, "the threads share the rows evenly");

    const float* patch;

    __device__ void load(float* to, int step) const {
        const int k = step * STEP + threadIdx.x % STEP, cell = k / depth;
        const bool valid = cell < S::kernel_h * S::kernel_w;
        const float* from = patch;
        if (valid) from += cell / S::kernel_w * S::dilation_h * PATCH::pitch + cell % S::kernel_w * S::dilation_w * depth + k % depth;
#pragma unroll
        for (int i = 0; i < own; i++) {
            const int row = threadIdx.x / STEP + i * apart;
            float one = 0.0f;
            // Nothing is read where no term is: its bank would be one that another lane waits for.
            if (valid) one = from[row / WIDE * S::stride_h * PATCH::pitch + row % WIDE * S::stride_w * depth];
            to[place<ROWS, true>(row, threadIdx.x % STEP)] = one;
        }
    }
    __device__ void read(const float*) {}
};

// Rows are the pixels of a tile, from (y, x) of an image on.
template <class D, class TO, int COLUMNS, int WIDE, class FROM>
struct Spots : Picture<D, TO, COLUMNS, false, float*, FROM> {
    Index image;
    int y, x;
    __device__ Index row(int r) const {
        return y + r / WIDE < TO::h && x + r % WIDE < TO::w ? TO::at(image, y + r / WIDE, x + r % WIDE) : NOWHERE;
    }
};

// As `window_product`, of one group.
template <class TILE, int WIDE, int LEAST, class S, class X, class Y, bool ALIGNED, int APART, class FROM = Nothing, class T>
__device__ void patch_product(T team, Index images, const float* x, float* y, const float* weight, const float* bias, float* scratch,
                              unsigned* arrived, const float* added = nullptr) {
    constexpr int high = TILE::m / WIDE, terms = S::kernel_h * S::kernel_w * X::c, steps = (terms + STEP - 1) / STEP;
    constexpr int columns = (Y::c + TILE::n - 1) / TILE::n, down = (Y::h + high - 1) / high, across = (Y::w + WIDE - 1) / WIDE;
    typedef Patch<X, S, high, WIDE> Inputs;
    typedef Windows<TILE::m, TILE::threads, Inputs, S, WIDE> A;
    typedef Matrix<TILE::n, TILE::threads, APART, ALIGNED> B;
    float* shared = stage_memory<TILE>();
    __shared__ float patch[Inputs::high * Inputs::pitch];
    __shared__ bool last;

    const Index tiles = images * (down * across * columns);
    const Split<LEAST> split(tiles, steps);
    for (Index t = team.tile(); t < tiles * split.parts; t += team.tiles()) {
        const int part = t % split.parts, n = t / split.parts % columns * TILE::n;
        const Index tile = t / split.parts, spot = tile / columns;
        Spots<S, Y, Y::c, WIDE, FROM> out;
        out.to = y, out.added = added, out.bias = bias, out.n = n;
        out.image = spot / (down * across), out.y = (int)(spot / across % down) * high, out.x = (int)(spot % across) * WIDE;
        Inputs::copy(patch, x, out.image, out.y * S::stride_h - S::pad_top, out.x * S::stride_w - S::pad_left);
        A a = {patch};
        B b = {weight + (Index)n * APART, Y::c - n};
        TILE sums;
        sums.clear();
        sums.add(a, b, shared, steps * part / split.parts, steps * (part + 1) / split.parts);
        float none = 0.0f;
        if (!split.template join<TILE::threads>(sums.sum, none, tile, part, scratch, arrived, &last)) continue;
        sums.template write<A::by_row, B::by_row>(out);
    }
}
