// Gradients that one launch completes: each sum arrives once, and with it goes what the end of a step adds for it.

// What a thread has of the sums of a tile, and where the tile's go: `Part` of update.cu, one a tile.
struct Part;
struct Sums {
    Part* parts;
    double l2, squares;
};

// A tensor's gradient. MASKED: some of its weights are not connected.
template <bool MASKED>
struct Complete {
    float* gradient;
    const float* param;
    const float* mask;
    float l2;     // factor of their squares in the loss
    bool trained; // no update leaves them alone
    Sums* sums;

    __device__ explicit operator bool() const { return true; }
    __device__ Complete operator+(Index i) const { return {gradient + i, param + i, mask + i, l2, trained, sums}; }
};

// Adds the gradient of the L2 term, and takes out those of weights that are not connected.
template <bool ADD, bool MASKED>
__device__ inline void put(const Complete<MASKED>& to, float value) {
    if (to.trained) {
        const float w = *to.param;
        if (MASKED) value *= *to.mask;
        value += 2.0f * to.l2 * w;
        to.sums->l2 += (double)to.l2 * w * w;
        to.sums->squares += (double)value * value;
    }
    *to.gradient = value;
}

// Where the sums of a tile go first: row by row into shared memory.
template <class TILE>
struct Spread {
    float* shared;
    int here;
    __device__ static Index row(int r) { return r * TILE::n; }
    template <int RUN>
    __device__ void column(int at) { here = at; }
    template <int RUN>
    __device__ void put(Index row, const float* values) const {
#pragma unroll
        for (int i = 0; i < RUN; i++) shared[row + here + i] = values[i];
    }
};

// Hands out the columns from `first` on of so many rows of CELLS numbers. By way of shared memory, as what ends a sum is too long to stand in the
// program for each sum of a thread.
template <int CELLS, bool ALIGNED, bool ADDS, class TILE, bool MASKED>
__device__ inline void write_rows(TILE& sums, float* shared, const Complete<MASKED>& to, int rows, int first) {
    static_assert(TILE::m * TILE::n <= TILE::stage * TILE::stages, "a tile's sums fit where its steps were");
    Spread<TILE> out = {shared, 0};
    sums.template write<false, false>(out);
    __syncthreads();
#pragma unroll 1
    for (int i = threadIdx.x; i < TILE::m * TILE::n; i += TILE::threads) {
        const int row = i / TILE::n, cell = first + i % TILE::n;
        if (row < rows && cell < CELLS) put<ADDS>(to + (Index)(row * CELLS + cell), shared[i]);
    }
    __syncthreads();
}

// A tile is done; all threads of the block call it.
__device__ inline void close(float*, int) {}
